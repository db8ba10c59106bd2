package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.desired.ClusterSecrets;
import dev.planetary.desired.Rotation;
import dev.planetary.it.ApiServer;
import dev.planetary.tls.Authority;
import dev.planetary.tls.KeyPairPem;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Certificates that users bring, and clusters without any. */
class TlsModesIT {
    private static final String PROVIDED = "tls: {mode: Provided, secretName: mine}";
    private static final String OFF = "tls: {mode: \"Off\"}";
    private static final String NO_WORKERS = "workers: {replicas: 0}, ";

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    private final Authority authority = authority();

    @Test
    void aClusterBeginsWhenItsSecretAppears() {
        // Given
        flow.apply("c", "workers: {replicas: 1}, " + PROVIDED);
        Flow.until().until(() -> flow.message("c", Condition.RECONCILING)
                .contains("SecretNotFound: Secret mine, which spec.tls.secretName names, is not there"));
        assertThat(flow.pods().of("c")).isEmpty();

        // When: nobody tells the operator
        make(leaf(authority));

        // Then
        flow.comeUp("c", 1);
        assertThat(flow.events("c", "SecretNotFound")).hasSize(1);
        assertThat(secret("c-client"))
                .hasValueSatisfying(s -> assertThat(s.getData()).containsOnlyKeys(ClusterSecrets.TOKEN));
        assertThat(secret("c-pods")).isEmpty();
        assertThat(secret("c-ca")).isEmpty();

        // And whoever takes over writes nothing
        flow.settle();
        flow.restart();
        Flow.until().until(() -> flow.ready("c"));
        flow.settle();
        assertThat(flow.wire().writes()).isEmpty();
    }

    @Test
    void aSecretThatCannotBeUsedIsToldInWordsAndWithoutItsKey() {
        // Given
        var other = leaf(authority());
        make(new KeyPairPem(leaf(authority).certificate(), other.privateKey()));
        flow.apply("c", "workers: {replicas: 1}, " + PROVIDED);

        // Then
        Flow.until()
                .until(
                        () -> flow.message("c", Condition.STALLED)
                                .contains(
                                        "InvalidSecret: Secret mine, which spec.tls.secretName names, cannot be used: tls.key is not the key of"));
        assertThat(flow.pods().of("c")).isEmpty();

        // When
        var mended = leaf(authority);
        change(mended);

        // Then
        flow.comeUp("c", 1);
        var told = Serialization.asJson(flow.cluster("c").get()) + Serialization.asJson(flow.events("c"));
        for (var key : List.of(other, mended)) {
            assertThat(told).doesNotContain(key.privateKey().lines().toList().get(1));
        }
        assertThat(flow.objects())
                .filteredOn(o -> !o.getMetadata().getName().equals("mine"))
                .allSatisfy(o -> assertThat(Serialization.asJson(o))
                        .doesNotContain(ClusterSecrets.read(secret("mine").orElseThrow(), ClusterSecrets.KEY)
                                .lines()
                                .toList()
                                .get(1)));
    }

    @Test
    void aClusterThatRunsIsNotGivenUpForASecretThatIsNotThere() {
        // Given
        flow.apply("c", NO_WORKERS + "suspend: false");
        flow.comeUp("c", 0);
        var before = uids();

        // When
        flow.change("c", PROVIDED);

        // Then
        Flow.until().until(() -> flow.message("c", Condition.STALLED)
                .matches("SecretNotFound: Secret mine.*; the last good spec stays in force"));
        flow.settle();
        assertThat(uids()).isEqualTo(before);

        // When: again nobody tells
        make(leaf(authority));

        // Then
        Flow.until().until(() -> replaced(before));
        flow.comeUp("c", 0);
        assertThat(flow.condition("c", Condition.STALLED)).isEmpty();
        assertThat(flow.events("c", "SpecChanged")).anyMatch(note -> note.contains("results are lost"));
        assertThat(secret("c-client").orElseThrow().getData()).containsOnlyKeys(ClusterSecrets.TOKEN);
    }

    @Test
    void tlsOffIsWarnedOfAndItsTokenServesNoOtherMode() {
        // Given
        flow.apply("c", NO_WORKERS + "suspend: false");
        flow.comeUp("c", 0);
        var first = token("c-client");
        var before = uids();

        // When
        flow.change("c", OFF);

        // Then
        Flow.until().until(() -> replaced(before));
        flow.comeUp("c", 0);
        assertThat(flow.message("c", Condition.TLS_OFF)).contains("whoever reaches port 8786");
        assertThat(flow.events("c", Condition.TLS_OFF)).hasSize(1);
        assertThat(flow.status("c").orElseThrow().scheduler().address()).startsWith("tcp://");
        var plain = token("c-client");
        assertThat(plain).isNotEqualTo(first);
        Flow.until().until(() -> "http".equals(appProtocol()));

        // When: back again
        var between = uids();
        flow.change("c", "tls: null");

        // Then
        Flow.until().until(() -> replaced(between));
        flow.comeUp("c", 0);
        assertThat(flow.condition("c", Condition.TLS_OFF)).isEmpty();
        assertThat(token("c-client")).isEqualTo(token("c-pods")).isNotEqualTo(plain);
        assertThat(secret("c-client").orElseThrow().getData())
                .containsKeys(ClusterSecrets.CERTIFICATE, ClusterSecrets.CA);
        assertThat(flow.events("c", Condition.TLS_OFF)).hasSize(1);
        Flow.until().until(() -> "https".equals(appProtocol()));
    }

    @Test
    void aLeakIsAnsweredByANewTokenAndNewPodsWhereCertificatesAreNotOurs() {
        // Given
        make(leaf(authority));
        flow.apply("c", NO_WORKERS + PROVIDED);
        flow.comeUp("c", 0);
        var before = uids();
        var token = token("c-client");
        var provided = secret("mine");

        // When
        flow.cluster("c").edit(c -> {
            c.getMetadata()
                    .getAnnotations()
                    .put(Rotation.ASKED, Instant.now().minusSeconds(1).toString());
            return c;
        });

        // Then
        Flow.until().until(() -> replaced(before));
        flow.comeUp("c", 0);
        assertThat(token("c-client")).isNotEqualTo(token);
        assertThat(secret("mine")).isEqualTo(provided);

        // And once only
        var made = uids();
        flow.restart();
        flow.settle();
        assertThat(uids()).isEqualTo(made);
    }

    @Test
    void theEndOfACertificateIsNoticedAndItsRenewalToo() {
        // Given
        make(authority.issue("leaf", List.of(), Clock.systemUTC(), Duration.ofSeconds(8)));
        flow.apply("c", NO_WORKERS + PROVIDED);
        flow.comeUp("c", 0);
        var pods = uids();

        // Then
        Flow.until().until(() -> flow.message("c", Condition.STALLED).contains("ended at"));

        // When
        change(leaf(authority));

        // Then
        Flow.until().until(() -> flow.ready("c"));
        assertThat(uids()).isEqualTo(pods);
    }

    private boolean replaced(List<String> before) {
        return !flow.pods().schedulers("c").isEmpty() && uids().stream().noneMatch(before::contains);
    }

    private List<String> uids() {
        return flow.pods().of("c").stream()
                .map((Pod p) -> p.getMetadata().getUid())
                .toList();
    }

    private String appProtocol() {
        return flow.client()
                .services()
                .inNamespace(flow.namespace())
                .withName("c-scheduler")
                .get()
                .getSpec()
                .getPorts()
                .getLast()
                .getAppProtocol();
    }

    private String token(String name) {
        return ClusterSecrets.read(secret(name).orElseThrow(), ClusterSecrets.TOKEN);
    }

    private Optional<Secret> secret(String name) {
        return Optional.ofNullable(flow.client()
                .secrets()
                .inNamespace(flow.namespace())
                .withName(name)
                .get());
    }

    private void make(KeyPairPem pair) {
        flow.client().resource(provided(pair)).create();
    }

    private void change(KeyPairPem pair) {
        flow.client().resource(provided(pair)).update();
    }

    private Secret provided(KeyPairPem pair) {
        return new SecretBuilder()
                .withNewMetadata()
                .withName("mine")
                .withNamespace(flow.namespace())
                .endMetadata()
                .withType("kubernetes.io/tls")
                .addToStringData(ClusterSecrets.CERTIFICATE, pair.certificate())
                .addToStringData(ClusterSecrets.KEY, pair.privateKey())
                .addToStringData(ClusterSecrets.CA, authority.certificatePem())
                .build();
    }

    private static Authority authority() {
        return Authority.create("ours", Clock.systemUTC(), Duration.ofDays(30));
    }

    private static KeyPairPem leaf(Authority authority) {
        return authority.issue("leaf", List.of(), Clock.systemUTC(), Duration.ofDays(9));
    }
}
