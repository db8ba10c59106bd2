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
 * Keeps a cluster or job whose objects are refused from asking again at every event: pauses from half a second to half a minute, ended at
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
    List<Finding> standing(String uid, long generation) {
        return Optional.ofNullable(failures.get(uid))
                .filter(f -> f.generation == generation && clock.instant().isBefore(f.next))
                .map(Failure::findings)
                .orElse(List.of());
    }

    /** Remembers how an attempt went. */
    void note(String uid, long generation, List<Finding> findings) {
        if (findings.isEmpty()) {
            failures.remove(uid);
            return;
        }
        failures.compute(uid, (_, before) -> {
            var pause = before == null || before.generation != generation
                    ? FIRST
                    : before.pause.multipliedBy(2).compareTo(LONGEST) > 0 ? LONGEST : before.pause.multipliedBy(2);
            return new Failure(
                    generation, List.copyOf(findings), pause, clock.instant().plus(pause));
        });
    }

    Optional<Instant> next(String uid) {
        return Optional.ofNullable(failures.get(uid)).map(Failure::next);
    }

    void forget(String uid) {
        failures.remove(uid);
    }
}
