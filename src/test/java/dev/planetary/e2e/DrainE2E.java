package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryClusterStatus.Phase;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workers that leave while they hold results and run tasks: nothing is lost, nothing runs twice. */
class DrainE2E {
    /**
     * Keeps 60 results on three workers and runs 9 long tasks. Every execution is noted on the scheduler, so that a task that runs
     * again shows, also if its second result looks like the first.
     */
    private static final String WORK =
            """
            import collections, time
            from distributed import Client, get_worker, wait

            def hold(i):
                get_worker().log_event("ran", ("hold", i))
                return bytes([i]) * 100_000

            def slow(i):
                get_worker().log_event("ran", ("slow", i))
                time.sleep(3)
                return i

            def pods(workers):
                names = {w: v["name"] for w, v in client.sync(client.scheduler.identity, n_workers=-1)["workers"].items()}
                return sorted(names[w].rsplit("-", 1)[0] for w in workers)

            client = Client()
            client.wait_for_workers(3)
            held = client.map(hold, range(60))
            wait(held)
            tasks = client.map(slow, range(9))
            while sum("executing" in s or bool(s) for s in client.call_stack().values()) < 3:
                time.sleep(0.1)
            holders = {w for ws in client.who_has(held).values() for w in ws}
            print("BUSY", *pods(holders & {w for w, stack in client.call_stack().items() if stack}))
            input()
            right = client.gather(tasks) == list(range(9))
            right &= client.gather(held) == [bytes([i]) * 100_000 for i in range(60)]
            ran = collections.Counter(event for _, event in client.get_events("ran"))
            print("RIGHT", right)
            print("TASKS", len(ran))
            print("TWICE", [task for task, times in ran.items() if times > 1])
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void anEvictedWorkerLosesNothingAndIsReplacedAtOnce() {
        // Given
        var pod = threeWorkers();

        try (var work = real.talk(pod, WORK)) {
            var busy = List.of(work.await("BUSY").split(" "));
            assertThat(busy).as("workers that hold results and run a task").isNotEmpty();

            // When
            var uid = real.client()
                    .pods()
                    .inNamespace(real.namespace())
                    .withName(busy.getFirst())
                    .get()
                    .getMetadata()
                    .getUid();
            real.evict(busy.getFirst());

            // Then: the next one is made while this one still gives its results away
            Awaitility.await("replacement")
                    .atMost(Duration.ofSeconds(5))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> real.workers("c").size() == 4);
            assertThat(RealCluster.uids(real.workers("c")))
                    .as("the evicted worker is still at work")
                    .contains(uid);
            Awaitility.await("end of the evicted pod")
                    .atMost(RealCluster.PATIENCE)
                    .until(() -> !RealCluster.uids(real.workers("c")).contains(uid));
            nothingLost(work);
        }
        real.await("c", RealCluster.PATIENCE, c -> c.getStatus().phase() == Phase.Running);
        assertThat(real.workers("c")).hasSize(3);
    }

    @Test
    void scalingDownMovesResultsAndWaitsForRunningTasks() {
        // Given
        var pod = threeWorkers();

        try (var work = real.talk(pod, WORK);
                var told = real.listen("c")) {
            work.await("BUSY");

            // When
            real.scale("c", 1);

            // Then
            Awaitility.await("two workers leave")
                    .atMost(RealCluster.PATIENCE)
                    .until(() -> real.workers("c").size() == 1);
            nothingLost(work);
            assertThat(told.statuses())
                    .anySatisfy(s -> assertThat(s.workers().retiring()).isEqualTo(2));
        }
        var one = real.await("c", RealCluster.PATIENCE, c -> c.getStatus().phase() == Phase.Running)
                .getStatus()
                .workers();
        assertThat(one.replicas()).isEqualTo(1);
        assertThat(real.events("ScaledDown")).isNotEmpty();

        // And up again
        real.scale("c", 2);
        real.await(
                "c",
                RealCluster.PATIENCE,
                c -> c.getStatus().phase() == Phase.Running
                        && c.getStatus().workers().ready() == 2);
        assertThat(real.workers("c")).hasSize(2);
    }

    @Test
    void scalingUpCallsOffARetirementThatIsUnderWay() {
        // Given
        var pod = threeWorkers();
        var before = RealCluster.uids(real.workers("c"));

        try (var work = real.talk(pod, WORK)) {
            work.await("BUSY");

            // When
            real.scale("c", 1);
            real.await("c", RealCluster.PATIENCE, c -> c.getStatus().workers().retiring() == 2);
            real.scale("c", 3);

            // Then
            real.await(
                    "c",
                    RealCluster.PATIENCE,
                    c -> c.getStatus().phase() == Phase.Running
                            && c.getStatus().workers().ready() == 3);
            nothingLost(work);
        }
        assertThat(RealCluster.uids(real.workers("c"))).containsExactlyInAnyOrderElementsOf(before);
    }

    private Pod threeWorkers() {
        real.applySmall("c", 3);
        real.awaitReady("c");
        return real.clientPod("c");
    }

    private static void nothingLost(Dialogue work) {
        work.say("go on");
        assertThat(work.await("RIGHT")).isEqualTo("True");
        assertThat(work.await("TASKS")).isEqualTo("69");
        assertThat(work.await("TWICE")).isEqualTo("[]");
        work.end();
    }
}
