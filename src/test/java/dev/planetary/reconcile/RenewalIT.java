package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.desired.ClusterSecrets;
import dev.planetary.desired.Rotation;
import dev.planetary.it.ApiServer;
import dev.planetary.tls.Pem;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates come to their end, or leak, while a cluster runs. */
class RenewalIT {
    private static final Duration LONG = Duration.ofDays(90);
    /** Renewed after four seconds. */
    private static final Duration SHORT = Duration.ofSeconds(6);

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void certificatesAreRenewedInTheirSecretsAndNoPodIsTouched() {
        // Given
        flow.restart(new TestSettings(Flow.IMAGE, LONG, SHORT, SHORT));
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        var pods = uids();
        var first = secret("c-pods");

        // When
        Flow.until().until(() -> !certificate("c-pods").equals(first.getData().get(ClusterSecrets.CERTIFICATE)));

        // Then
        assertThat(secret("c-pods").getData())
                .containsEntry(ClusterSecrets.CA, first.getData().get(ClusterSecrets.CA))
                .containsEntry(ClusterSecrets.TOKEN, first.getData().get(ClusterSecrets.TOKEN));
        assertThat(uids()).isEqualTo(pods);
        assertThat(flow.ready("c")).isTrue();
    }

    @Test
    void aNewAuthorityIsTrustedBesideTheOldOneBeforeItIsUsed() {
        // Given
        // Renewed after 20 s, used after 22 s, and forgotten after 30 s: a machine under load has 8 s for the last step
        flow.restart(new TestSettings(Flow.IMAGE, Duration.ofSeconds(30), LONG, Duration.ofSeconds(2)));
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        var pods = uids();
        var seen = new CopyOnWriteArrayList<Secret>();

        // When
        try (var _ = flow.client()
                .secrets()
                .inNamespace(flow.namespace())
                .withName("c-pods")
                .watch(new Recorder(seen))) {
            Flow.until().atMost(Duration.ofMinutes(1)).until(() -> seen.size() >= 4);
        }

        // Then: trusted, then used, then, with the next change, the old one is forgotten
        assertThat(seen.stream().limit(3).map(RenewalIT::trusted)).containsExactly(1, 2, 2);
        assertThat(seen.stream().limit(3).map(s -> s.getData().get(ClusterSecrets.CERTIFICATE)))
                .satisfies(leaf -> assertThat(leaf.get(1)).isEqualTo(leaf.get(0)))
                .satisfies(leaf -> assertThat(leaf.get(2)).isNotEqualTo(leaf.get(1)));
        assertThat(ca(seen.get(3))).doesNotContain(ca(seen.get(0)));
        assertThat(uids()).isEqualTo(pods);
        assertThat(flow.ready("c")).isTrue();
    }

    @Test
    void aLeakIsAnsweredByANewAuthorityAndNewPods() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.settle();
        var pods = flow.pods().of("c");
        var before = List.of(secret("c-ca"), secret("c-pods"), secret("c-client"));

        // When
        rotate("c", Instant.now().minusSeconds(1).toString());

        // Then: nothing of before is trusted, and everybody starts anew
        Flow.until()
                .until(() -> flow.pods().schedulers("c").stream()
                                .noneMatch(p -> pods.stream().anyMatch(p::equals))
                        && flow.pods().of("c").size() == 2
                        && pods.stream()
                                .noneMatch(p -> uids().contains(p.getMetadata().getUid())));
        flow.comeUp("c", 1);
        assertThat(before).allSatisfy(old -> assertThat(
                        secret(old.getMetadata().getName()).getData())
                .allSatisfy((key, value) ->
                        assertThat(value).isNotEqualTo(old.getData().get(key))));
        assertThat(ca("c-client")).isEqualTo(ca("c-pods")).doesNotContain(ca(before.get(1)));
        assertThat(flow.events("c", "CaRotated")).isNotEmpty();

        // And once only, whoever reconciles
        var made = uids();
        var secrets = secret("c-pods");
        flow.restart();
        flow.settle();
        assertThat(uids()).isEqualTo(made);
        assertThat(secret("c-pods")).isEqualTo(secrets);
        assertThat(flow.wire().writes()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void aRotationIsTakenUpWhereItBrokeOff(int survived) {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.settle();
        var old = uids();
        var writes = new AtomicInteger();
        flow.wire().breaks(sent -> sent.write() && writes.incrementAndGet() > survived, new Wire.Fault.Dead());
        var before = ca(secret("c-pods"));

        // When
        rotate("c", Instant.now().minusSeconds(1).toString());
        Flow.until().until(() -> writes.get() > survived);
        flow.restart();

        // Then
        Flow.until().until(() -> flow.pods().of("c").size() == 2 && old.stream().noneMatch(uids()::contains));
        flow.comeUp("c", 1);
        assertThat(ca("c-client")).isEqualTo(ca("c-pods")).doesNotContain(before);
        assertThat(secret("c-client").getData().get(ClusterSecrets.TOKEN))
                .isEqualTo(secret("c-pods").getData().get(ClusterSecrets.TOKEN));
    }

    @Test
    void aWishThatIsNoTimeIsToldAndChangesNothing() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        var before = secret("c-ca");

        // When
        rotate("c", "now");

        // Then
        Flow.until().until(() -> flow.message("c", Condition.STALLED)
                .contains("InvalidAnnotation: annotation planetary.dev/rotate-ca is no time"));
        assertThat(secret("c-ca")).isEqualTo(before);
    }

    private void rotate(String name, String time) {
        flow.cluster(name).edit(c -> {
            c.getMetadata().getAnnotations().put(Rotation.ASKED, time);
            return c;
        });
    }

    private List<String> uids() {
        return flow.pods().of("c").stream()
                .map((Pod p) -> p.getMetadata().getUid())
                .toList();
    }

    private Secret secret(String name) {
        return flow.client()
                .secrets()
                .inNamespace(flow.namespace())
                .withName(name)
                .get();
    }

    private String certificate(String secret) {
        return secret(secret).getData().get(ClusterSecrets.CERTIFICATE);
    }

    private String ca(String secret) {
        return ca(secret(secret));
    }

    private static String ca(Secret secret) {
        return ClusterSecrets.read(secret, ClusterSecrets.CA);
    }

    private static int trusted(Secret secret) {
        return Pem.certificates(ca(secret)).size();
    }

    /** Every state that a Secret was in: between two looks it may have been in several. */
    private record Recorder(List<Secret> seen) implements Watcher<Secret> {
        @Override
        public void eventReceived(Action action, Secret secret) {
            seen.add(secret);
        }

        @Override
        public void onClose(WatcherException cause) {
            throw new IllegalStateException(cause);
        }
    }
}
