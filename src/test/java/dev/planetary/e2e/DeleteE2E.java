package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clusters that go, for good or for a while. */
class DeleteE2E {
    /** Work that nobody waits for: tasks of an hour, and results. */
    private static final String LONG_WORK =
            """
            import time
            from distributed import Client, fire_and_forget, wait
            client = Client()
            held = client.map(lambda i: bytes(1_000_000), range(10), pure=False)
            wait(held)
            fire_and_forget(client.map(time.sleep, [3600] * 8, pure=False))
            while not all(client.call_stack().values()):
                time.sleep(0.1)
            print("BUSY")
            input()
            """;

    private static final String NEW_WORK =
            """
            from distributed import Client
            with Client(timeout=30) as client:
                print("NEW", client.submit(sum, [20, 22]).result(timeout=60))
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void aBusyClusterIsGoneWithin30SecondsAndItsNameCanBeUsedAgain() {
        // Given
        real.applySmall("c", 2);
        real.awaitReady("c");
        var pod = real.clientPod("c");
        try (var work = real.talk(pod, LONG_WORK)) {
            work.await("BUSY");
            var before = objects("c");
            assertThat(before).hasSizeGreaterThan(7);

            // When
            var began = System.nanoTime();
            real.delete("c");
            // and at once, while the old pods still end:
            real.applySmall("c", 1);

            // Then
            Awaitility.await("all objects of the old cluster are gone")
                    .atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(200))
                    .until(() -> uids(objects("c")).stream().noneMatch(uids(before)::contains));
            System.out.printf("A busy cluster was gone after %.1f s%n", (System.nanoTime() - began) / 1e9);
        }
        real.awaitReady("c");
        assertThat(real.workers("c")).hasSize(1);
        real.client()
                .pods()
                .inNamespace(real.namespace())
                .withName(pod.getMetadata().getName())
                .delete();
        Awaitility.await()
                .atMost(RealCluster.PATIENCE)
                .until(() -> real.client().resource(pod).get() == null);
        assertThat(real.python(real.clientPod("c"), NEW_WORK).output()).contains("NEW 42");
    }

    @Test
    void aDeletedClusterLeavesNothingBehind() {
        // Given
        real.applySmall("c", 1);
        real.awaitReady("c");

        // When
        real.delete("c");

        // Then
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> objects("c")
                .isEmpty());
    }

    @Test
    void aSuspendedClusterHasNoPodsAndResumes() {
        // Given
        real.applySmall("c", 1);
        real.awaitReady("c");
        var pod = real.clientPod("c");
        try (var work = real.talk(pod, LONG_WORK)) {
            work.await("BUSY");

            // When
            real.applySmall("c", 1, "suspend: true");

            // Then
            var suspended = real.await("c", Duration.ofSeconds(30), c -> "Suspended"
                    .equals(RealCluster.ready(c).reason()));
            assertThat(RealCluster.ready(suspended).status()).isEqualTo(Condition.Status.True);
            assertThat(suspended.getStatus().phase()).isEqualTo(Phase.Suspended);
            assertThat(suspended
                            .getStatus()
                            .condition(Condition.SCHEDULER_READY)
                            .orElseThrow()
                            .status())
                    .isEqualTo(Condition.Status.False);
            assertThat(real.pods("c", Labels.SCHEDULER)).isEmpty();
            assertThat(real.workers("c")).isEmpty();
        }

        // And again: same certificates, so the same client pod goes on
        real.applySmall("c", 1);
        real.awaitReady("c");
        assertThat(real.python(pod, NEW_WORK).output()).contains("NEW 42");
    }

    /** All that the operator made for a cluster. */
    private List<HasMetadata> objects(String cluster) {
        var client = real.client();
        return Stream.of(
                        client.pods(),
                        client.services(),
                        client.secrets(),
                        client.configMaps(),
                        client.apps().controllerRevisions())
                .flatMap(kind ->
                        kind
                                .inNamespace(real.namespace())
                                .withLabel(Labels.CLUSTER, cluster)
                                .list()
                                .getItems()
                                .stream())
                .map(HasMetadata.class::cast)
                .toList();
    }

    private static List<String> uids(List<HasMetadata> objects) {
        return objects.stream().map(o -> o.getMetadata().getUid()).toList();
    }
}
