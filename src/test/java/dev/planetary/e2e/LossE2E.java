package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pods and processes that go without asking: the cluster heals, and says meanwhile what is missing. */
@Order(1) // long
class LossE2E {
    /** 1² + … + 24², in half a second each. */
    private static final String SQUARES =
            """
            import time
            from distributed import Client, as_completed

            def square(x):
                time.sleep(0.5)
                return x * x

            with Client() as client:
                futures = client.map(square, range(25), pure=False)
                next(as_completed(futures))
                print("RUNNING")
                print("SUM", sum(client.gather(futures)))
            """;

    private static final String NEW_WORK =
            """
            from distributed import Client
            with Client() as client:
                print("NEW", client.submit(sum, [20, 22]).result(timeout=60))
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void aComputationSurvivesAKilledWorkerAndThePodIsReplaced() {
        // Given
        real.applySmall("c", 2);
        real.awaitReady("c");
        var pod = real.clientPod("c");
        var before = real.workers("c");

        // When
        try (var told = real.listen("c");
                var squares = real.talk(pod, SQUARES)) {
            squares.await("RUNNING");
            real.kill(before.getFirst());

            // Then
            assertThat(squares.await("SUM")).isEqualTo("4900");
            squares.end();
            real.await(
                    "c",
                    RealCluster.PATIENCE,
                    c -> c.getStatus().phase() == Phase.Running
                            && workersAreOthersThan(
                                    before.getFirst().getMetadata().getUid()));
            assertThat(told.statuses())
                    .extracting(PlanetaryClusterStatus::phase)
                    .contains(Phase.Degraded);
            assertThat(real.workers("c")).hasSize(2);
        }
    }

    @Test
    void aSchedulerProcessThatDiesComesBackAndStatusCountsIt() {
        // Given
        real.applySmall("c", 1);
        real.awaitReady("c");
        var pod = real.clientPod("c");
        var scheduler = real.scheduler("c");

        // When
        try (var told = real.listen("c")) {
            real.python(
                    pod,
                    """
                    import os
                    from distributed import Client
                    try:
                        Client(timeout=10).run_on_scheduler(lambda: os._exit(7))
                    finally:
                        os._exit(0)
                    """);

            // Then
            var healed = real.await(
                    "c",
                    RealCluster.PATIENCE,
                    c -> c.getStatus().scheduler().restarts() == 1
                            && c.getStatus().phase() == Phase.Running);
            assertThat(healed.getStatus().scheduler().podName())
                    .isEqualTo(scheduler.getMetadata().getName());
            assertThat(told.statuses())
                    .filteredOn(s -> s.phase() == Phase.Degraded)
                    .anySatisfy(s -> assertThat(
                                    condition(s, Condition.SCHEDULER_READY).message())
                            .contains("exit code 7"));
        }
        assertThat(RealCluster.uids(List.of(real.scheduler("c"))))
                .containsExactly(scheduler.getMetadata().getUid());
        assertThat(real.python(pod, NEW_WORK).output()).contains("NEW 42");
    }

    @Test
    void aSchedulerPodThatIsKilledIsMadeAgain() {
        // Given
        real.applySmall("c", 2);
        real.awaitReady("c");
        var pod = real.clientPod("c");
        var scheduler = real.scheduler("c");

        // When
        try (var told = real.listen("c")) {
            real.kill(scheduler);

            // Then
            real.await(
                    "c",
                    RealCluster.PATIENCE,
                    c -> c.getStatus().phase() == Phase.Running
                            && told.statuses().stream().anyMatch(s -> s.phase() == Phase.Degraded));
        }
        assertThat(real.scheduler("c").getMetadata().getUid())
                .isNotEqualTo(scheduler.getMetadata().getUid());
        assertThat(real.python(pod, NEW_WORK).output()).contains("NEW 42");
    }

    @Test
    void aWorkerThatEndsByItselfIsReplacedAndTheReasonSaysSo() {
        // Given
        real.applySmall("c", 1);
        real.awaitReady("c");
        var worker = real.workers("c").getFirst();

        // When: it leaves as a worker does that somebody stops
        real.exec(worker, "python", "-c", "import os, signal; os.kill(1, signal.SIGTERM)");

        // Then
        Awaitility.await().atMost(RealCluster.PATIENCE).untilAsserted(() -> assertThat(real.events("Completed"))
                .anyMatch(note -> note.contains(worker.getMetadata().getName() + " ended by itself")));
        real.await(
                "c",
                RealCluster.PATIENCE,
                c -> c.getStatus().phase() == Phase.Running
                        && workersAreOthersThan(worker.getMetadata().getUid()));
        assertThat(real.workers("c")).hasSize(1);
    }

    /** The bug of Python's ssl that {@code planetary_tls.py} mends would cut healthy connections beside broken ones. */
    @Test
    void anErrorOfOneTlsConnectionIsNotTakenForAnothers() {
        // Given
        real.applySmall("c", 1);
        real.awaitReady("c");
        var worker = real.workers("c").getFirst();
        real.upload(worker, Path.of("src/test/python/test_tls.py"));

        // When
        var said =
                real.exec(worker, "python", "/planetary/test_tls.py", "/etc/planetary/tls", "/etc/planetary/preload");

        // Then
        assertThat(said.output().strip()).isEqualTo("SSLWantReadError");
    }

    private boolean workersAreOthersThan(String uid) {
        return !RealCluster.uids(real.workers("c")).contains(uid);
    }

    private static Condition condition(PlanetaryClusterStatus status, String type) {
        return status.condition(type).orElseThrow();
    }
}
