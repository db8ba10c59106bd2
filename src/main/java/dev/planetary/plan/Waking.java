package dev.planetary.plan;

import dev.planetary.api.PlanetaryClusterStatus.Stop;
import dev.planetary.api.PlanetaryClusterStatus.StopReason;
import java.time.Duration;
import java.time.Instant;

/** Which jobs start a cluster that was stopped: those made after the stop. */
final class Waking {
    /** Shorter than the shortest idleTimeout: a job made so shortly before was overlooked, for it would have been activity. */
    private static final Duration OVERLOOKED = Duration.ofSeconds(9);

    private Waking() {}

    /** Times of creation are whole seconds. */
    static boolean wakes(Instant created, Stop stop) {
        var from = stop.reason() == StopReason.IdleTimeout ? stop.at().minus(OVERLOOKED) : stop.at();
        return !created.isBefore(from);
    }
}
