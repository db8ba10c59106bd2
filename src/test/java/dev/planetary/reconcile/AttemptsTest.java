package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.apply.HandClock;
import dev.planetary.status.Finding;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttemptsTest {
    private static final List<Finding> QUOTA = List.of(new Finding(false, "QuotaExceeded", "no room"));

    private final HandClock clock = new HandClock();
    private final Attempts attempts = new Attempts(clock);

    @Test
    void whatFailedStandsUntilItsPauseIsOver() {
        attempts.note("c", 1, QUOTA);

        assertThat(attempts.standing("c", 1)).isEqualTo(QUOTA);
        assertThat(attempts.standing("another", 1)).isEmpty();

        clock.pass(Duration.ofMillis(500));
        assertThat(attempts.standing("c", 1)).isEmpty();
    }

    @Test
    void pausesDoubleUpToHalfAMinute() {
        for (var pause : List.of(500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000)) {
            attempts.note("c", 1, QUOTA);
            assertThat(attempts.next("c")).contains(clock.instant().plusMillis(pause));
            clock.pass(Duration.ofMillis(pause));
        }
    }

    @Test
    void anotherSpecIsTriedAtOnceAndAnew() {
        // Given
        attempts.note("c", 1, QUOTA);
        clock.pass(Duration.ofMillis(500));
        attempts.note("c", 1, QUOTA);

        // When and then
        assertThat(attempts.standing("c", 2)).isEmpty();
        attempts.note("c", 2, QUOTA);
        assertThat(attempts.next("c")).contains(clock.instant().plusMillis(500));
    }

    @Test
    void successEndsIt() {
        attempts.note("c", 1, QUOTA);
        clock.pass(Duration.ofMillis(500));

        attempts.note("c", 1, List.of());

        assertThat(attempts.standing("c", 1)).isEmpty();
        assertThat(attempts.next("c")).isEmpty();
    }
}
