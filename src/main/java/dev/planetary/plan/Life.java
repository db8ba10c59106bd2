package dev.planetary.plan;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Stop;
import dev.planetary.api.PlanetaryClusterStatus.StopReason;
import dev.planetary.observe.ClusterObservation;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where a cluster stands in its time: whether it should have pods, and when that ends. What must be remembered for it (that it was
 * stopped, that users were warned) is in its status.
 *
 * @param startedAt when its present life began
 * @param idleSince since when nobody uses it, as far as it is told
 * @param expiry    its end, if one is in sight
 * @param stop      that it was stopped, and was not started since
 * @param recheck   when it will stand elsewhere even if nothing happens
 */
public record Life(
        Stage stage,
        Optional<Instant> startedAt,
        Optional<Instant> idleSince,
        Optional<Expiry> expiry,
        Optional<Stop> stop,
        Optional<Instant> recheck) {

    /** Idleness is told from then on, so that clients that come and go cost no writes. */
    private static final Duration TOLD_AFTER = Duration.ofMinutes(1);

    /** The stages of a life. */
    public enum Stage {
        SUSPENDED,
        STOPPED,
        RUNNING,
        /** Users are to be warned, or were. */
        EXPIRES_SOON,
        /** They were warned in time, and the time is up. */
        EXPIRED
    }

    public static Life of(ClusterObservation seen) {
        var before = Optional.ofNullable(seen.cluster().getStatus());
        if (seen.cluster().specOrDefault().suspend()) {
            // Whoever resumes it wants it to run, also if it was stopped before.
            return atRest(Stage.SUSPENDED, Optional.empty(), Optional.empty(), Optional.empty());
        }
        var stop = before.flatMap(PlanetaryClusterStatus::stop);
        if (stop.isPresent() && !starts(seen, stop.get())) {
            var later = startAsked(seen.cluster()).filter(seen.now()::isBefore);
            return atRest(Stage.STOPPED, before.flatMap(PlanetaryClusterStatus::started), stop, later);
        }
        var told = before.filter(_ -> stop.isEmpty()).flatMap(PlanetaryClusterStatus::started);
        var started = told.orElseGet(() -> seen.now().truncatedTo(ChronoUnit.SECONDS));
        // What was said of a life before this one does not count.
        var warned = before.filter(_ -> stop.isEmpty()).flatMap(b -> b.condition(Condition.EXPIRES_SOON));
        var jobEnd = jobEnd(seen, stop.isPresent() ? Optional.of(started) : told);
        return jobEnd.map(at -> new Life(
                        Stage.EXPIRED,
                        Optional.of(started),
                        Optional.empty(),
                        Optional.of(new Expiry(at, Duration.ZERO, StopReason.JobEnded)),
                        Optional.empty(),
                        Optional.empty()))
                .orElseGet(() -> running(seen, started, warned.map(c -> Instant.parse(c.lastTransitionTime()))));
    }

    /**
     * The end of the job whose own cluster it is: whoever starts it again after that wants it to run.
     *
     * @param begun when its life began; empty: it waits for room, or for nodes near its data, and would begin for nobody
     */
    private static Optional<Instant> jobEnd(ClusterObservation seen, Optional<Instant> begun) {
        return seen.jobs().stream()
                .flatMap(j -> j.ended().stream())
                .filter(at -> begun.or(() -> startAsked(seen.cluster()))
                        .filter(b -> b.isAfter(at))
                        .isEmpty())
                .findFirst();
    }

    /** Whether it is to have no pods. */
    public boolean halted() {
        return stage == Stage.SUSPENDED || stage == Stage.STOPPED;
    }

    public boolean expired() {
        return stage == Stage.EXPIRED;
    }

    private static Life atRest(
            Stage stage, Optional<Instant> startedAt, Optional<Stop> stop, Optional<Instant> recheck) {
        return new Life(stage, startedAt, Optional.empty(), Optional.empty(), stop, recheck);
    }

    private static Life running(ClusterObservation seen, Instant started, Optional<Instant> warned) {
        var now = seen.now();
        var spec = seen.cluster().specOrDefault();
        // No answer: not idle, but unknown.
        var idle = spec.idleLimit()
                .filter(_ -> !seen.hasWork())
                .flatMap(_ -> seen.state())
                .flatMap(s -> s.idleSince());
        var idleEnd = idle.map(i -> Expiry.after(i, spec.idleLimit().orElseThrow(), StopReason.IdleTimeout));
        var lifeEnd = spec.lifetimeLimit().map(l -> Expiry.after(started, l, StopReason.MaxLifetime));

        var end = Expiry.first(idleEnd, lifeEnd).map(e -> e.warnedOf(warned, now));
        var soon = end.filter(e -> !now.isBefore(e.warning()));
        var told = idle.filter(i -> soon.isPresent() || !now.isBefore(i.plus(TOLD_AFTER)));
        var stage = soon.isEmpty()
                ? Stage.RUNNING
                : warned.isPresent() && !now.isBefore(soon.get().at()) ? Stage.EXPIRED : Stage.EXPIRES_SOON;
        var recheck = Stream.of(idle.map(i -> i.plus(TOLD_AFTER)), end.map(Expiry::warning), end.map(Expiry::at))
                .flatMap(Optional::stream)
                .filter(now::isBefore)
                .min(Instant::compareTo);
        return new Life(
                stage,
                Optional.of(started),
                told,
                told.isPresent() ? end : soon.or(() -> lifeEnd),
                Optional.empty(),
                recheck);
    }

    private static boolean starts(ClusterObservation seen, Stop stop) {
        return seen.cluster().getMetadata().getGeneration() > stop.generation()
                || seen.jobs().stream().anyMatch(j -> j.active() && Waking.wakes(j.created(), stop))
                || startAsked(seen.cluster())
                        .filter(stop.at()::isBefore)
                        .filter(at -> !seen.now().isBefore(at))
                        .isPresent();
    }

    /** The time in the user's annotation; what is no time asks for nothing. */
    private static Optional<Instant> startAsked(PlanetaryCluster cluster) {
        var annotations = cluster.getMetadata().getAnnotations();
        try {
            return Optional.ofNullable(annotations)
                    .map(a -> a.get(PlanetaryCluster.START))
                    .map(OffsetDateTime::parse)
                    .map(OffsetDateTime::toInstant);
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
