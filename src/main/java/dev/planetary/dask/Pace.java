package dev.planetary.dask;

import java.time.Duration;

/**
 * How often a scheduler is asked.
 *
 * @param hold how long an unchanged scheduler may hold a request: whole seconds, 60 at most
 * @param first pause after a first failure, and the least time between two requests: a scheduler that answers at once
 *     for ever must not keep the operator busy
 * @param longest limit of the pause, which doubles with every failure
 */
public record Pace(Duration hold, Duration first, Duration longest) {

    /** Requests held for 60 s; pauses from 0.2 s to 5 s. */
    public static final Pace DEFAULT = new Pace(Duration.ofSeconds(60), Duration.ofMillis(200), Duration.ofSeconds(5));

    /** {@return the pause after {@code failures} failures in a row; {@code first} for none} */
    Duration pause(int failures) {
        var doublings = Math.clamp(failures - 1L, 0, 30);
        var pause = first.multipliedBy(1L << doublings);
        return pause.compareTo(longest) < 0 ? pause : longest;
    }
}
