package dev.planetary.azure;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A wait that can be cut short. */
final class Alarm {
    private final Semaphore rung = new Semaphore(0);

    /** Also returns when interrupted: whoever waits looks whether it is to end. */
    void await(Duration atMost) {
        try {
            if (rung.tryAcquire(Math.max(1, atMost.toMillis()), TimeUnit.MILLISECONDS)) {
                rung.drainPermits();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    void ring() {
        rung.release();
    }
}
