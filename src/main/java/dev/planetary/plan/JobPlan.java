package dev.planetary.plan;

import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.observe.JobObservation;
import dev.planetary.observe.ObservedRunner;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a job is at, why, and what is to be done now. The ledger is written first; every step can be done again.
 *
 * @param reason  one CamelCase word
 * @param message for people
 * @param steps   what to do
 * @param recheck when to plan again even if nothing happens
 */
public record JobPlan(
        Phase phase, String reason, String message, Ledger ledger, List<Step> steps, Optional<Instant> recheck) {

    /** What can be done about a job. */
    public sealed interface Step {
        /** Make the present attempt's pod; only if it is certain that it was never made. */
        record PostRunner() implements Step {}

        /** End a runner. */
        record Kill(ObservedRunner runner) implements Step {}

        /** Make the job's own cluster. */
        record MakeCluster() implements Step {}

        /** Free the job's own cluster. */
        record DropCluster() implements Step {}

        /** Let the job's own cluster live on without it. */
        record ReleaseCluster() implements Step {}

        /** Delete the job, whose time is up. */
        record DeleteJob() implements Step {}
    }

    public static JobPlan of(JobObservation seen) {
        return seen.status().isFinal()
                ? EndedJob.plan(seen)
                : (seen.status().isAttempt() ? RunningJob.plan(seen) : WaitingJob.plan(seen)).without(seen.strays());
    }

    /** First of all the programs of attempts that are over end: whatever follows would run beside them. */
    private JobPlan without(List<ObservedRunner> strays) {
        var first = strays.stream().<Step>map(Step.Kill::new);
        return new JobPlan(
                phase,
                reason,
                message,
                ledger,
                Stream.concat(first, steps.stream()).toList(),
                recheck);
    }

    static JobPlan running(Ledger ledger, Optional<Instant> recheck) {
        var message = "attempt %d runs".formatted(ledger.attempts());
        return new JobPlan(Phase.Running, "Running", message, ledger, List.of(), recheck);
    }

    static JobPlan failed(JobObservation seen, Ledger ledger, String reason, String message) {
        return ended(Phase.Failed, reason, message, ledger.ends(seen.now(), ledger.result()));
    }

    static JobPlan ended(Phase phase, String reason, String message, Ledger ledger) {
        return new JobPlan(phase, reason, message, ledger, List.of(), Optional.empty());
    }

    /** Why the time of a job is up, if it is. */
    static Optional<JobPlan> overdue(JobObservation seen, Ledger ledger, boolean runs, String waitsFor) {
        var spec = seen.job().getSpec();
        if (activeEnd(seen, ledger).filter(at -> !seen.now().isBefore(at)).isPresent()) {
            return Optional.of(failed(
                    seen,
                    ledger,
                    "ActiveDeadlineExceeded",
                    "it did not end within spec.activeDeadline of %s".formatted(spec.activeDeadline())));
        }
        if (!runs
                && startEnd(seen, ledger).filter(at -> !seen.now().isBefore(at)).isPresent()) {
            return Optional.of(failed(
                    seen,
                    ledger,
                    "StartDeadlineExceeded",
                    "its program did not start within spec.startDeadline (%s): %s"
                            .formatted(spec.startDeadline() == null ? "30m" : spec.startDeadline(), waitsFor)));
        }
        return Optional.empty();
    }

    static Optional<Instant> nextDeadline(JobObservation seen, Ledger ledger, boolean runs) {
        return Stream.of(activeEnd(seen, ledger), runs ? Optional.<Instant>empty() : startEnd(seen, ledger))
                .flatMap(Optional::stream)
                .min(Instant::compareTo);
    }

    private static Optional<Instant> activeEnd(JobObservation seen, Ledger ledger) {
        return seen.job().getSpec().activeLimit().flatMap(limit -> ledger.started()
                .map(at -> at.plus(limit)));
    }

    private static Optional<Instant> startEnd(JobObservation seen, Ledger ledger) {
        return seen.job().getSpec().startLimit().flatMap(limit -> ledger.waitingSince()
                .map(at -> at.plus(limit)));
    }
}
