package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.dask.JobsProgress;
import dev.planetary.dask.SchedulerState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CalmTest {
    private static final Instant T0 = Instant.parse("2026-03-01T12:00:00Z");

    private final Calm calm = new Calm(Duration.ofSeconds(60));

    @Test
    void nothing_is_known_before_a_whole_period() {
        assertThat(at(0, "a", 3)).isEmpty();
        assertThat(at(59, "a", 3)).isEmpty();
        assertThat(next(59)).contains(T0.plusSeconds(60));
        assertThat(at(60, "a", 3)).isEqualTo(Map.of("default", 3));
        assertThat(next(60)).isEmpty();
    }

    @Test
    void the_highest_of_the_period_counts_until_the_next_one_has_held_that_long() {
        at(0, "a", 5);
        at(100, "a", 1);
        assertThat(at(159, "a", 1)).isEqualTo(Map.of("default", 5));
        assertThat(next(159)).contains(T0.plusSeconds(160));
        assertThat(at(160, "a", 1)).isEqualTo(Map.of("default", 1));
        assertThat(next(160)).isEmpty();
    }

    @Test
    void a_short_burst_begins_the_wait_anew() {
        at(0, "a", 1);
        at(100, "a", 4);
        at(101, "a", 1);
        assertThat(at(160, "a", 1)).isEqualTo(Map.of("default", 4));
        assertThat(at(161, "a", 1)).isEqualTo(Map.of("default", 1));
    }

    @Test
    void silence_and_another_scheduler_begin_anew() {
        at(0, "a", 1);
        assertThat(at(61, "b", 1)).isEmpty();
        assertThat(at(121, "b", 1)).isNotEmpty();
        assertThat(calm.note("c", Optional.empty(), T0.plusSeconds(130))).isEmpty();
        assertThat(at(131, "b", 1)).isEmpty();
    }

    private Map<String, Integer> at(int second, String boot, int target) {
        var state = new SchedulerState(
                boot,
                1,
                false,
                Optional.empty(),
                "",
                Map.of("default", target),
                List.of(),
                Set.of(),
                List.of(),
                JobsProgress.NONE);
        return calm.note("c", Optional.of(state), T0.plusSeconds(second));
    }

    private Optional<Instant> next(int second) {
        return calm.nextChange("c", T0.plusSeconds(second));
    }
}
