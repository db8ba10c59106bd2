package dev.planetary.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.apply.HandClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class IdleHeapTest {
    private final HandClock clock = new HandClock();
    private final ControlLoop loop = new ControlLoop(clock);
    private long used = 20 << 20;
    private int collected;
    private final IdleHeap heap = new IdleHeap(loop, () -> used, () -> {
        used = 70 << 20;
        collected++;
    });

    @Test
    void isCollectedOnceAfterABurstWhenNothingIsDoneAnyMore() {
        heap.look();

        loop.submitted("a");
        used = 160 << 20;
        clock.pass(Duration.ofSeconds(6));
        heap.look();
        assertThat(collected).as("while a pass waits").isZero();
        loop.started("a");
        clock.pass(Duration.ofSeconds(6));
        heap.look();
        assertThat(collected).as("while a pass runs").isZero();
        loop.finished("a");
        heap.look();
        assertThat(collected).as("a moment later").isZero();

        clock.pass(Duration.ofSeconds(6));
        heap.look();
        assertThat(collected).isEqualTo(1);
        used += 10 << 20;
        clock.pass(Duration.ofSeconds(6));
        heap.look();
        assertThat(collected).as("for a few megabytes").isEqualTo(1);

        used += 30 << 20;
        heap.look();
        assertThat(collected).as("for what gathered over hours").isEqualTo(2);
    }

    @Test
    void whatTheCollectorDidByItselfCounts() {
        clock.pass(Duration.ofSeconds(6));
        used = 160 << 20;
        heap.look();
        used = 40 << 20;
        heap.look();
        assertThat(collected).isEqualTo(1);

        used = 80 << 20;
        heap.look();
        assertThat(collected).isEqualTo(2);
    }
}
