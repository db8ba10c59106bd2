package dev.planetary.plan;

import dev.planetary.api.PlanetaryClusterStatus.StopReason;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The end of a cluster's time.
 *
 * @param at    when
 * @param lead  how long before users are warned
 * @param limit the limit of the spec that is reached then
 */
public record Expiry(Instant at, Duration lead, StopReason limit) {
    private static final Duration LONGEST_LEAD = Duration.ofMinutes(5);

    static Expiry after(Instant start, Duration limit, StopReason reason) {
        var half = limit.dividedBy(2);
        return new Expiry(start.plus(limit), half.compareTo(LONGEST_LEAD) < 0 ? half : LONGEST_LEAD, reason);
    }

    static Optional<Expiry> first(Optional<Expiry> a, Optional<Expiry> b) {
        return Stream.of(a, b).flatMap(Optional::stream).min(Comparator.comparing(Expiry::at));
    }

    Instant warning() {
        return at.minus(lead);
    }

    /**
     * Put off as long as it takes to have warned in time: an operator that was away, or a limit that was lowered, takes nobody's
     * results by surprise.
     */
    Expiry warnedOf(Optional<Instant> warned, Instant now) {
        if (now.isBefore(warning())) {
            return this;
        }
        // As precisely as a condition keeps it.
        var earliest =
                warned.orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS)).plus(lead);
        return earliest.isAfter(at) ? new Expiry(earliest, lead, limit) : this;
    }
}
