package dev.planetary.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.apply.HandClock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What makes liveness fail, and what does not. */
class LoopHealthTest {
    private final HandClock clock = new HandClock();
    private final ControlLoop loop = new ControlLoop(clock);

    @Test
    void aLoopWithNothingToDoIsAliveForEver() {
        clock.pass(Duration.ofDays(30));
        assertThat(problem()).isEmpty();
    }

    @Test
    void aPassThatHangsIsNot() {
        // Given
        loop.submitted("a");
        loop.started("a");

        // When, Then
        clock.pass(Duration.ofMinutes(9));
        assertThat(problem()).isEmpty();
        clock.pass(Duration.ofMinutes(2));
        assertThat(problem()).contains("a pass has been running for PT11M");

        // And its end heals
        loop.finished("a");
        assertThat(problem()).isEmpty();
    }

    @Test
    void othersThatMoveDoNotHideAPassThatHangs() {
        // Given
        loop.submitted("a");
        loop.started("a");

        // When
        for (var minute = 0; minute < 11; minute++) {
            clock.pass(Duration.ofMinutes(1));
            loop.submitted("b");
            loop.started("b");
            loop.finished("b");
        }

        // Then
        assertThat(problem()).get().asString().startsWith("a pass has been running");
    }

    @Test
    void aQueueThatDoesNotMoveIsNot() {
        // Given
        loop.submitted("a");

        // When, Then
        clock.pass(Duration.ofMinutes(4));
        assertThat(problem()).isEmpty();
        clock.pass(Duration.ofMinutes(2));
        assertThat(problem()).contains("the queue has not moved for PT6M");
    }

    @Test
    void aLongQueueThatMovesIsAlive() {
        // Given
        loop.submitted("waits");

        // When
        for (var minute = 0; minute < 30; minute++) {
            clock.pass(Duration.ofMinutes(1));
            loop.submitted("other");
            loop.started("other");
            loop.finished("other");
        }

        // Then
        assertThat(problem()).isEmpty();
    }

    @Test
    void aPassWhoseObjectIsGoneBeforeItBeginsLeavesNothingBehind() {
        loop.submitted("a");
        loop.finished("a");
        clock.pass(Duration.ofHours(1));
        assertThat(problem()).isEmpty();
        assertThat(loop.now().queued()).isZero();
    }

    @Test
    void anOperatorThatHasGoneDeafIsNot() {
        // Given: two kinds are watched
        loop.watching("/api/v1/pods");
        loop.watching("/apis/planetary.dev/v1alpha1/planetaryclusters");

        // When one of them is renewed as informers do, the other is held open by nobody
        clock.pass(Duration.ofMinutes(10));
        loop.watching("/api/v1/pods");
        clock.pass(Duration.ofMinutes(9));
        assertThat(problem()).isEmpty();
        clock.pass(Duration.ofMinutes(2));

        // Then
        assertThat(problem()).contains("a watch has not been renewed for PT21M");
    }

    @Test
    void anApiServerThatIsAwayForHoursIsNoReasonToRestart() {
        for (var minute = 0; minute < 300; minute++) {
            clock.pass(Duration.ofMinutes(1));
            loop.watching("/api/v1/pods"); // tried in vain
        }
        assertThat(problem()).isEmpty();
    }

    @Test
    void anInformerThatEndedIsNot() {
        assertThat(LoopHealth.problem(loop.now(), List.of("pods"))).contains("informers have stopped: pods");
    }

    private Optional<String> problem() {
        return LoopHealth.problem(loop.now(), List.of());
    }
}
