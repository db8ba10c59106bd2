package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
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
        // Given a cluster whose status has to be written all the time, and somebody who labels it meanwhile
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.wire().forget();
        var over = new AtomicBoolean();
        var noise = CompletableFuture.allOf(CompletableFuture.runAsync(() -> flutter(over)), CompletableFuture.runAsync(() -> label(over)));

        // When and then
        var slowest = Duration.ZERO;
        for (var round = 1; round <= ROUNDS; round++) {
            var wanted = 1 + round % 3;
            var began = System.nanoTime();
            flow.change("c", "workers: {replicas: %d}".formatted(wanted));
            Flow.until().pollInterval(Duration.ofMillis(25)).atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
                assertThat(flow.status("c").orElseThrow().workers().desired()).isEqualTo(wanted);
                assertThat(flow.pods().workers("c")).hasSize(wanted);
            });
            slowest = Duration.ofNanos(Math.max(slowest.toNanos(), System.nanoTime() - began));
        }
        over.set(true);
        noise.join();
        System.out.printf("slowest of %d changes: %d ms; meanwhile %s%n", ROUNDS, slowest.toMillis(), flow.wire().summary());

        // Then: what came in between was real, and all is told as it is in the end
        assertThat(flow.wire().writes().stream().filter(w -> w.is("PUT planetaryclusters/status"))).hasSizeGreaterThan(ROUNDS);
        assertThat(flow.cluster("c").get().getMetadata().getLabels()).containsKey("rounds");
        flow.join("c", flow.pods().workers("c"));
        Flow.until().until(() -> flow.ready("c"));
    }

    /** A worker comes and goes for the scheduler: each time a status to write. */
    private void flutter(AtomicBoolean over) {
        var worker = flow.pods().get("c-default-0");
        var alone = List.of(worker);
        while (!over.get()) {
            flow.scheduler("c").register(alone).loaded(worker, 100, 1);
            flow.pods().runUnready(flow.pods().get("c-scheduler-0"));
            flow.pods().run(flow.pods().get("c-scheduler-0"));
        }
    }

    private void label(AtomicBoolean over) {
        for (var round = 0; !over.get(); round++) {
            flow.cluster("c").patch(PatchContext.of(PatchType.JSON_MERGE), "metadata: {labels: {rounds: \"%d\"}}".formatted(round));
        }
    }
}
