package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.desired.Labels;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From apply to Ready. */
class ClusterCreationIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void makesEverythingAtOnceAndOwnsIt() {
        // When
        var cluster = flow.apply("c", "workers: {replicas: 2}");

        // Then: nothing waits for anything else, all pods are still Pending
        Flow.until().untilAsserted(() -> assertThat(flow.objects())
                .extracting(o -> o.getKind() + " " + o.getMetadata().getName())
                .satisfiesExactlyInAnyOrder(
                        o -> assertThat(o).isEqualTo("Pod c-scheduler-0"),
                        o -> assertThat(o).isEqualTo("Pod c-default-0"),
                        o -> assertThat(o).isEqualTo("Pod c-default-1"),
                        o -> assertThat(o).isEqualTo("Service c-scheduler"),
                        o -> assertThat(o).isEqualTo("Secret c-ca"),
                        o -> assertThat(o).isEqualTo("Secret c-pods"),
                        o -> assertThat(o).isEqualTo("Secret c-client"),
                        o -> assertThat(o).startsWith("ConfigMap c-preload-"),
                        o -> assertThat(o).isEqualTo("NetworkPolicy c-dask"),
                        o -> assertThat(o).isEqualTo("ControllerRevision c-r1")));
        assertThat(flow.objects()).allSatisfy(o -> {
            assertThat(o.getMetadata().getLabels()).containsAllEntriesOf(Labels.of("c"));
            assertThat(Labels.controller(o).orElseThrow()).isEqualTo(Labels.owner(cluster));
        });
        assertThat(flow.pods().workers("c"))
                .allSatisfy(p -> assertThat(p.getMetadata().getLabels()).containsEntry(Labels.GROUP, "default"));
    }

    @Test
    void saysSomethingUsefulFromTheFirstStatusOn() throws Exception {
        // Given: a watch that misses no version
        var seen = new LinkedBlockingQueue<PlanetaryCluster>();
        try (var _ = flow.client()
                .resources(PlanetaryCluster.class)
                .inNamespace(flow.namespace())
                .watch(new Versions(seen))) {
            // When
            flow.apply("c", "workers: {replicas: 2}");

            // Then
            var first = Stream.generate(() -> poll(seen))
                    .filter(c -> c.getStatus() != null)
                    .findFirst()
                    .orElseThrow();
            assertThat(first.getStatus().observedGeneration())
                    .isEqualTo(first.getMetadata().getGeneration());
            assertThat(first.getStatus().phase()).isEqualTo(Phase.Pending);
            assertThat(first.getStatus().condition(Condition.READY)).get().satisfies(c -> {
                assertThat(c.status()).isEqualTo(Condition.Status.False);
                assertThat(c.observedGeneration()).isEqualTo(first.getMetadata().getGeneration());
            });
            assertThat(first.getStatus().condition(Condition.RECONCILING))
                    .get()
                    .extracting(Condition::status)
                    .isEqualTo(Condition.Status.True);
            assertThat(first.getStatus().condition(Condition.STALLED)).isEmpty();
            assertThat(first.getStatus().scheduler().address())
                    .isEqualTo("tls://c-scheduler.%s.svc:8786".formatted(flow.namespace()));
            assertThat(first.getStatus().workers().desired()).isEqualTo(2);
        }
    }

    @Test
    void isReadyOnceTheSchedulerListsItsWorkers() {
        // Given
        flow.apply("c", "workers: {replicas: 2}");
        Flow.until().until(() -> flow.pods().of("c").size() == 3);

        // When the pods run but no worker has registered
        flow.pods().of("c").forEach(flow.pods()::run);

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.READY))
                .isEqualTo("WorkersStarting: 0 of 2 workers ready"));
        assertThat(flow.condition("c", Condition.SCHEDULER_READY))
                .get()
                .extracting(Condition::status)
                .isEqualTo(Condition.Status.True);

        // When
        flow.scheduler("c").register(flow.pods().workers("c"));

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.status("c")).get().satisfies(s -> {
            assertThat(s.phase()).isEqualTo(Phase.Running);
            assertThat(s.workers().ready()).isEqualTo(2);
            assertThat(s.workers().replicas()).isEqualTo(2);
            assertThat(s.scheduler().podName()).isEqualTo("c-scheduler-0");
            assertThat(s.conditions())
                    .extracting(Condition::type)
                    .containsExactlyInAnyOrder(Condition.READY, Condition.SCHEDULER_READY, Condition.WORKERS_READY);
            assertThat(s.conditions()).extracting(Condition::status).containsOnly(Condition.Status.True);
        }));
        Flow.until().untilAsserted(() -> assertThat(flow.events("c"))
                .extracting(e -> e.getReason() + ": " + e.getNote())
                .contains("Created: the scheduler and 2 workers", "Ready: scheduler and 2 workers ready"));
    }

    @Test
    void tellsTheCauseWhenAPodCannotStart() {
        // Given
        flow.apply("c", "workers: {replicas: 2}");
        Flow.until().until(() -> flow.pods().of("c").size() == 3);

        // When
        flow.pods().imagePullBackOff(flow.pods().schedulers("c").getFirst());

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.READY))
                .startsWith("SchedulerImagePullBackOff: ")
                .contains("c-scheduler-0")
                .contains("no/such:image"));

        // When
        flow.pods().run(flow.pods().schedulers("c").getFirst());
        flow.pods().unschedulable(flow.pods().workers("c").getFirst());

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.READY))
                .startsWith("WorkerUnschedulable: ")
                .contains("0 of 2 workers ready", "c-default-0", "Insufficient cpu"));
        assertThat(flow.condition("c", Condition.RECONCILING)).isPresent();
    }

    private static PlanetaryCluster poll(BlockingQueue<PlanetaryCluster> queue) {
        try {
            return Objects.requireNonNull(queue.poll(10, TimeUnit.SECONDS), "no status within 10 s");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private record Versions(Queue<PlanetaryCluster> seen) implements Watcher<PlanetaryCluster> {
        @Override
        public void eventReceived(Action action, PlanetaryCluster cluster) {
            seen.add(cluster);
        }

        @Override
        public void onClose(WatcherException cause) {}
    }
}
