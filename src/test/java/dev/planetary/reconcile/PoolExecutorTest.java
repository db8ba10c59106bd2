package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.apply.HandClock;
import dev.planetary.azure.FleetPace;
import dev.planetary.azure.FleetWatch;
import dev.planetary.azure.OneFleet;
import dev.planetary.plan.PoolPlan.Step;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Passes that come again by themselves, or whose status is never written. */
class PoolExecutorTest {
    private static final String UID = "7f3c";

    private final OneFleet azure = new OneFleet();
    private final HandClock clock = new HandClock();
    private final FleetWatch fleets = new FleetWatch(
            azure,
            new FleetPace(Duration.ofHours(1), Duration.ofHours(1), FleetPace.WRITE, Duration.ofHours(1)),
            clock);
    private final PoolExecutor executor = new PoolExecutor(fleets, _ -> true, clock);
    private final List<String> told = new CopyOnWriteArrayList<>();
    /** Its finalizer is never taken: the SDK makes pass after pass. */
    private final PlanetaryNodePool ending = Serialization.unmarshal(
            """
            apiVersion: planetary.dev/v1alpha1
            kind: PlanetaryNodePool
            metadata: {name: cpu, uid: 7f3c, generation: 2, deletionTimestamp: "2026-01-01T00:00:00Z"}
            spec: {vmSize: Standard_D8s_v5, maxNodes: 20}
            """,
            PlanetaryNodePool.class);

    @BeforeEach
    void start() {
        fleets.start(() -> false, whom -> Stream.of(UID, "other").filter(whom).forEach(told::add));
        fleets.take("other", (_, _) -> Optional.empty());
        told.clear();
    }

    @AfterEach
    void close() {
        fleets.close();
    }

    @Test
    void a_release_that_fails_each_time_wakes_nobody() {
        for (var i = 0; i < 3; i++) {
            assertThat(executor.pass(ending).plan().step()).isInstanceOf(Step.Release.class);
        }

        assertThat(told).isEmpty();
    }

    @Test
    void what_only_the_look_from_near_shows_is_done_by_the_next_pass_at_once() {
        azure.put(OneFleet.pool("np1", UID));

        var first = executor.pass(ending);

        assertThat(first.plan().step()).isInstanceOf(Step.Delete.class);
        assertThat(first.plan().recheck()).contains(clock.instant());
        assertThat(azure.deletions()).isZero();
        assertThat(told).containsOnly("other");

        executor.pass(ending);

        assertThat(azure.deletions()).isOne();
    }

    @Test
    void a_pool_is_told_to_go_once_a_minute_also_where_nobody_could_be_told_of_it() {
        azure.put(OneFleet.pool("np1", UID));
        executor.pass(ending);
        executor.pass(ending);
        // Azure has given it up, and what was told is not remembered.
        fleets.take("other", (_, _) -> Optional.empty());

        var again = executor.pass(ending);

        assertThat(azure.deletions()).isOne();
        assertThat(again.plan().reason()).isEqualTo("Budget");
        assertThat(again.plan().recheck()).contains(clock.instant().plus(FleetPace.WRITE));

        clock.pass(FleetPace.WRITE);
        executor.pass(ending);

        assertThat(azure.deletions()).isEqualTo(2);
    }
}
