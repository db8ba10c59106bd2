package dev.planetary.reconcile;

import dev.planetary.status.Finding;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Keeps a cluster whose objects are refused from asking again at every event: pauses from half a second to half a minute, ended at
 * once by a new generation of its spec. What stood in the way is remembered for the status meanwhile.
 */
final class Attempts {
    private static final Duration FIRST = Duration.ofMillis(500);
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private record Failure(long generation, List<Finding> findings, Duration pause, Instant next) {}

    private final ConcurrentMap<String, Failure> failures = new ConcurrentHashMap<>();
    private final Clock clock;

    Attempts(Clock clock) {
        this.clock = clock;
    }

    /** What still stands in the way; empty: go on. */
    List<Finding> standing(String clusterUid, long generation) {
        return Optional.ofNullable(failures.get(clusterUid))
                .filter(f -> f.generation == generation && clock.instant().isBefore(f.next))
                .map(Failure::findings)
                .orElse(List.of());
    }

    /** Remembers how an attempt went. */
    void note(String clusterUid, long generation, List<Finding> findings) {
        if (findings.isEmpty()) {
            failures.remove(clusterUid);
            return;
        }
        failures.compute(clusterUid, (uid, before) -> {
            var pause = before == null || before.generation != generation
                    ? FIRST
                    : before.pause.multipliedBy(2).compareTo(LONGEST) > 0 ? LONGEST : before.pause.multipliedBy(2);
            return new Failure(
                    generation, List.copyOf(findings), pause, clock.instant().plus(pause));
        });
    }

    Optional<Instant> next(String clusterUid) {
        return Optional.ofNullable(failures.get(clusterUid)).map(Failure::next);
    }

    void forget(String clusterUid) {
        failures.remove(clusterUid);
    }
}
