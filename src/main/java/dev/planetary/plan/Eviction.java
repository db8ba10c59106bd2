package dev.planetary.plan;

import dev.planetary.observe.ClusterObservation;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Whether the scheduler may be evicted.
 *
 * @param rule    what is to be seen to
 * @param recheck when it will be another although nothing happens
 */
public record Eviction(Rule rule, Optional<Instant> recheck) {
    /** So that computations that follow one another cost two writes, not two each. */
    private static final Duration CALM = Duration.ofMinutes(1);

    /** What is done about it. */
    public enum Rule {
        /** Work runs. */
        REFUSED,
        /** Nothing runs, or nobody asked to refuse it. */
        ALLOWED,
        /** As it is: the scheduler does not answer, which says nothing, or it has just become idle. */
        UNCHANGED
    }

    public static Eviction of(ClusterObservation seen) {
        if (!seen.cluster().specOrDefault().scheduler().keptUntilIdle()
                || Life.of(seen).halted()) {
            return new Eviction(Rule.ALLOWED, Optional.empty());
        }
        if (seen.state().isEmpty()) {
            return new Eviction(Rule.UNCHANGED, Optional.empty());
        }
        var calm = seen.state().get().idleSince().map(CALM::addTo).map(Instant::from);
        if (calm.isEmpty()) {
            return new Eviction(Rule.REFUSED, Optional.empty());
        }
        return seen.now().isBefore(calm.get())
                ? new Eviction(Rule.UNCHANGED, calm.filter(_ -> !seen.budgets().isEmpty()))
                : new Eviction(Rule.ALLOWED, Optional.empty());
    }
}
