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
        var permanent = seen.findings().stream().filter(Finding::permanent).findFirst();
        if (permanent.isPresent()) {
            return JobPlan.failed(
                    seen, ledger, permanent.get().reason(), permanent.get().message());
        }
        var obstacle = Obstacle.of(seen);
        var waitsFor = obstacle.map(Obstacle::message).orElse("the runner is about to start");
        var overdue = JobPlan.overdue(seen, ledger, false, waitsFor);
        if (overdue.isPresent()) {
            return overdue.get();
        }
        var deadline = JobPlan.nextDeadline(seen, ledger, false);
        var makes = obstacle.isPresent()
                        && seen.ownsItsCluster()
                        && seen.cluster().isEmpty()
                        && seen.findings().isEmpty()
                ? List.<Step>of(new Step.MakeCluster())
                : List.<Step>of();
        if (obstacle.isPresent()) {
            return pending(obstacle.get(), ledger, makes, deadline);
        }
        var again = pauseEnds(ledger).filter(seen.now()::isBefore);
        if (again.isPresent()) {
            return pending(
                    new Obstacle("Retrying", "attempt %d comes soon".formatted(ledger.attempts() + 1)),
                    ledger,
                    List.of(),
                    Stream.of(again, deadline).flatMap(Optional::stream).min(Instant::compareTo));
        }
        return new JobPlan(
                Phase.Starting,
                "RunnerStarting",
                "the runner is being made",
                ledger.begins(seen.state().map(SchedulerState::boot).orElseThrow()),
                List.of(new Step.PostRunner()),
                deadline);
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
