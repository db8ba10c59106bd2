package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** JOSDK 5.3 can lose a spec change that arrives while the operator writes the same object; here it must not. */
class ConcurrentWritersIT {
    private static final int ROUNDS = 200;

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void noSpecChangeIsLostAmidStatusWrites() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        Flow.until().until(() -> flow.pods().of("c").size() == 2);
        flow.pods().run(flow.pods().get("c-scheduler-0"));
        Flow.until().until(() -> flow.message("c", Condition.READY).startsWith("WorkersStarting"));

        for (var round = 1; round <= ROUNDS; round++) {
            // When one pod event makes a status to write, the spec changes meanwhile, a little later each time, and
            // then all is quiet:
            // nothing else happens that would make up for an event that got lost
            var wanted = 1 + round % 3;
            var trouble = round % 2 == 0;
            var event = CompletableFuture.runAsync(() -> trouble(trouble));
            LockSupport.parkNanos((round * 3_000_000L) % 40_000_000L);
            flow.change("c", "workers: {replicas: %d}".formatted(wanted));
            event.join();

            // Then it would be minutes until the next look, were it lost
            Flow.until().untilAsserted(() -> {
                assertThat(flow.status("c").orElseThrow().workers().desired()).isEqualTo(wanted);
                assertThat(flow.pods().workers("c")).hasSize(wanted);
            });
        }
    }

    @Test
    void whatOthersWriteStaysAsTheyWroteIt() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        Flow.until().until(() -> flow.pods().of("c").size() == 2);
        flow.pods().run(flow.pods().get("c-scheduler-0"));

        // When labels and the status are written at the same time
        for (var round = 0; round <= 50; round++) {
            var trouble = round % 2 == 1;
            var event = CompletableFuture.runAsync(() -> trouble(trouble));
            flow.cluster("c")
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            "metadata: {labels: {round-%d: done}}".formatted(round));
            event.join();
        }

        // Then every label is there, and the status tells of the last event
        assertThat(flow.cluster("c").get().getMetadata().getLabels()).hasSize(51);
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.READY))
                .startsWith("WorkersStarting: 0 of 1 workers ready"));
    }

    /** A change of the reason why the cluster is not ready: written at once. */
    private void trouble(boolean now) {
        var worker = flow.pods().get("c-default-0");
        if (now) {
            flow.pods().imagePullBackOff(worker);
        } else {
            flow.pods().pending(worker);
        }
    }
}
