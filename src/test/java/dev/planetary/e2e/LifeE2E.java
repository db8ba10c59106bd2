package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.time.Instant;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clusters that nobody uses stop costing money, and come back when they are asked to. */
class LifeE2E {
    /** Holds a result, and stays without asking for anything. */
    private static final String HOLD =
            """
            from distributed import Client, wait
            client = Client()
            held = client.submit(bytes, 2_000_000)
            wait(held)
            print("HELD")
            input()
            """;

    /** Is there before the scheduler is. */
    private static final String COMPUTE =
            """
            from distributed import Client
            print("WAITING")
            print("SUM", Client(timeout=120).submit(sum, range(10)).result())
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void anIdleClusterStopsInSpiteOfAClientAndComputesAgainOnceItIsStarted() {
        // Given
        real.applySmall("c", 1);
        real.awaitReady("c");
        var pod = real.clientPod("c");

        // When a client holds a result and does nothing more
        try (var client = real.talk(pod, HOLD)) {
            client.await("HELD");
            real.applySmall("c", 1, "idleTimeout: 20s");
            real.await("c", RealCluster.PATIENCE, c -> RealCluster.ready(c)
                    .reason()
                    .equals("Stopped"));
        }

        // Then
        assertThat(real.pods("c", Labels.SCHEDULER)).isEmpty();
        assertThat(real.workers("c")).isEmpty();
        var stopped = real.cluster("c").orElseThrow();
        assertThat(stopped.getStatus().phase()).isEqualTo(Phase.Stopped);
        assertThat(RealCluster.ready(stopped).message()).contains("annotate plc c --overwrite planetary.dev/start=");
        assertThat(real.events("ExpiresSoon")).singleElement().satisfies(note -> assertThat(note)
                .contains("(1 Mi) of results are discarded"));

        // When it is started while a client waits for it
        try (var client = real.talk(pod, COMPUTE)) {
            client.await("WAITING");
            real.client()
                    .resource(stopped)
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            "metadata: {annotations: {%s: '%s'}}".formatted(PlanetaryCluster.START, Instant.now()));

            // Then
            assertThat(client.await("SUM")).isEqualTo("45");
            client.end();
        }
        assertThat(real.events("Started")).hasSize(1);
    }

    @Test
    void aClusterWhoseLifetimeIsOverIsDeletedWithAllThatWasItsOwn() {
        // When
        real.applySmall("c", 1, "maxLifetime: 20s", "onExpiry: Delete");

        // Then
        Awaitility.await("end of the cluster").atMost(Duration.ofSeconds(60)).until(() -> real.cluster("c")
                .isEmpty());
        Awaitility.await("end of its pods").atMost(RealCluster.PATIENCE).until(() -> real.client()
                .pods()
                .inNamespace(real.namespace())
                .list()
                .getItems()
                .isEmpty());
        assertThat(real.events("Deleted")).hasSize(1);
    }
}
