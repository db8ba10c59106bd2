package dev.planetary.plan;

import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.dask.SchedulerState;
import dev.planetary.observe.JobObservation;
import dev.planetary.plan.JobPlan.Step;
import dev.planetary.status.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A job of which nothing runs: it waits for its cluster, or to be resumed. */
final class WaitingJob {
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    private WaitingJob() {}

    static JobPlan plan(JobObservation seen) {
        var before = Ledger.of(seen.status());
        if (seen.job().getSpec().suspend()) {
            return suspended(seen, before);
        }
        var ledger = before.waits(seen.now());
        var obstacle = Obstacle.of(seen);
        return ended(seen, ledger, obstacle).orElseGet(() -> goesOn(seen, ledger, obstacle));
    }

    /** An attempt that is entered in the ledger, of which nothing was made yet: it can still be taken back. */
    static JobPlan unposted(JobObservation seen, Ledger ledger) {
        if (seen.job().getSpec().suspend()) {
            return suspended(seen, ledger.voided());
        }
        var obstacle = Obstacle.of(seen);
        return ended(seen, ledger, obstacle).orElseGet(() -> obstacle.map(why -> seen.findings()
                                .isEmpty()
                        ? pending(why, ledger.voided(), List.of(), Optional.empty())
                        : new JobPlan(
                                Phase.Starting, why.reason(), why.message(), ledger, List.of(), deadline(seen, ledger)))
                .orElseGet(() -> posts(seen, ledger)));
    }

    /** An error that stays, or a wait that was too long. */
    private static Optional<JobPlan> ended(JobObservation seen, Ledger ledger, Optional<Obstacle> obstacle) {
        var waitsFor = obstacle.map(Obstacle::message).orElse("the runner is about to start");
        return seen.findings().stream()
                .filter(Finding::permanent)
                .findFirst()
                .map(error -> JobPlan.failed(seen, ledger, error.reason(), error.message()))
                .or(() -> JobPlan.overdue(seen, ledger, false, waitsFor));
    }

    private static JobPlan goesOn(JobObservation seen, Ledger ledger, Optional<Obstacle> obstacle) {
        var deadline = deadline(seen, ledger);
        if (obstacle.isPresent()) {
            var makes = seen.ownsItsCluster()
                    && seen.cluster().isEmpty()
                    && seen.findings().isEmpty();
            return pending(obstacle.get(), ledger, makes ? List.of(new Step.MakeCluster()) : List.of(), deadline);
        }
        var again = pauseEnds(ledger).filter(seen.now()::isBefore);
        if (again.isPresent()) {
            return pending(
                    new Obstacle("Retrying", "attempt %d comes soon".formatted(ledger.attempts() + 1)),
                    ledger,
                    List.of(),
                    Stream.of(again, deadline).flatMap(Optional::stream).min(Instant::compareTo));
        }
        return posts(seen, ledger.begins(seen.state().map(SchedulerState::boot).orElseThrow()));
    }

    private static JobPlan posts(JobObservation seen, Ledger ledger) {
        return new JobPlan(
                Phase.Starting,
                "RunnerStarting",
                "the runner is being made",
                ledger,
                List.of(new Step.PostRunner()),
                deadline(seen, ledger));
    }

    private static Optional<Instant> deadline(JobObservation seen, Ledger ledger) {
        return JobPlan.nextDeadline(seen, ledger, false);
    }

    static JobPlan suspended(JobObservation seen, Ledger ledger) {
        return new JobPlan(
                Phase.Suspended,
                "Suspended",
                "no pods, as spec.suspend asks",
                ledger.suspended(),
                seen.ownsItsCluster() && seen.cluster().isPresent() ? List.of(new Step.DropCluster()) : List.of(),
                Optional.empty());
    }

    private static JobPlan pending(Obstacle why, Ledger ledger, List<Step> steps, Optional<Instant> recheck) {
        return new JobPlan(Phase.Pending, why.reason(), why.message(), ledger, steps, recheck);
    }

    /** A program that fails at once is not run over and over at once. */
    private static Optional<Instant> pauseEnds(Ledger ledger) {
        var faults = ledger.failures() + ledger.interruptions();
        if (faults == 0) {
            return Optional.empty();
        }
        var pause = FIRST_PAUSE.multipliedBy(1L << Math.min(faults - 1, 10));
        return ledger.waitingSince().map(at -> at.plus(pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE));
    }
}
