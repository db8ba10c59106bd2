package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryClusterStatus.Phase;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Workers that go over and over, by scale-downs and evictions in a random order, while a program holds results and runs tasks: nothing
 * is lost, nothing runs twice. A few of each; {@code -Dplanetary.e2e.scale-downs=100 -Dplanetary.e2e.evictions=20} is the long form.
 */
class ScalingE2E {
    private static final int SCALE_DOWNS = Integer.getInteger("planetary.e2e.scale-downs", 5);
    private static final int EVICTIONS = Integer.getInteger("planetary.e2e.evictions", 1);
    private static final int MOST = 8;

    /** Bursts of tasks, each upon held results of those before, until told to stop; every execution is noted on the scheduler. */
    private static final String WORK =
            """
            import collections, random, sys, threading, time
            from distributed import Client, get_worker, wait

            def step(i, seconds, *before):
                time.sleep(seconds)
                get_worker().log_event(f"ran-{i // 500}", i)
                return i + sum(n for n, _ in before), bytes(10_000)

            chance, futures, expected = random.Random(%d), [], []
            client = Client()
            stop = threading.Event()
            threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
            print("BEGINS")
            while not stop.is_set():
                burst = []
                for n in range(6):
                    i = len(futures)
                    before = chance.sample(range(i), min(i, 2))
                    futures.append(client.submit(
                        step, i, chance.choice((0, 0.05, 0.2)) if n else 1, *(futures[j] for j in before), key=f"step-{i}"))
                    expected.append(i + sum(expected[j] for j in before))
                wait(futures[-6:])
            right = [n for n, _ in client.gather(futures)] == expected
            ran = collections.Counter(  # the scheduler keeps the last 1000 events of a topic
                event for part in range(len(futures) // 500 + 1) for _, event in client.get_events(f"ran-{part}"))
            print("RIGHT", right, "TASKS", len(ran) == len(futures), len(ran))
            print("TWICE", [task for task, times in ran.items() if times > 1])
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS) // for the long form
    void manyThatGoTakeNothingAlong() {
        // Given
        var seed = System.nanoTime();
        var chance = new Random(seed);
        real.applySmall("c", MOST);
        var pod = real.clientPod("c");
        awaitWorkers(MOST);

        try (var work = real.talk(pod, WORK.formatted(seed))) {
            work.await("BEGINS");

            // When
            int downs = 0;
            int evictions = 0;
            while (downs < SCALE_DOWNS || evictions < EVICTIONS) {
                var now = real.workers("c").size();
                if (chance.nextInt(SCALE_DOWNS + EVICTIONS) < EVICTIONS
                        ? evictions < EVICTIONS
                        : downs >= SCALE_DOWNS) {
                    evictOne(chance);
                    evictions++;
                } else if (now == 1) {
                    scale(2 + chance.nextInt(MOST - 1));
                } else {
                    scale(1 + chance.nextInt(now - 1));
                    downs++;
                }
            }
            work.say("stop");

            // Then
            var about = "seed %d, %d scale-downs, %d evictions".formatted(seed, downs, evictions);
            var right = work.await("RIGHT");
            assertThat(right).as(about).startsWith("True TASKS True");
            assertThat(work.await("TWICE")).as(about).isEqualTo("[]");
            work.end();
            System.out.printf("%s: %s tasks, none ran twice, no result lost%n", about, right.replaceAll(".* ", ""));
        }
    }

    private void scale(int to) {
        real.scale("c", to);
        awaitWorkers(to);
    }

    private void evictOne(Random chance) {
        var workers = real.workers("c");
        var one = workers.get(chance.nextInt(workers.size())).getMetadata();
        real.evict(one.getName());
        Awaitility.await("end of the evicted pod")
                .atMost(RealCluster.PATIENCE)
                .until(() -> !RealCluster.uids(real.workers("c")).contains(one.getUid()));
        awaitWorkers(workers.size());
    }

    private void awaitWorkers(int number) {
        real.await(
                "c",
                RealCluster.PATIENCE.multipliedBy(2),
                c -> c.getStatus() != null
                        && c.getStatus().phase() == Phase.Running
                        && c.getStatus().workers().replicas() == number
                        && c.getStatus().workers().ready() == number);
        Awaitility.await("no worker more than %d".formatted(number))
                .atMost(RealCluster.PATIENCE)
                .until(() -> real.workers("c").size() == number);
    }
}
