package dev.planetary.plan;

import dev.planetary.api.PlanetaryClusterStatus.Stop;
import dev.planetary.api.PlanetaryClusterStatus.StopReason;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.observe.JobObservation;
import dev.planetary.observe.ObservedRunner;
import dev.planetary.plan.JobPlan.Step;
import dev.planetary.status.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A job with an attempt under way: entered in the ledger, its pod made, about to be made, or not there any more. */
final class RunningJob {
    /** A program whose scheduler is gone mostly ends by itself; one that hangs on is ended. */
    static final Duration WITHOUT_SCHEDULER = Duration.ofMinutes(1);

    /** So many times it is nobody's fault. */
    private static final int INTERRUPTIONS = 3;

    static final String SUSPENDING = "Suspending";

    private RunningJob() {}

    static JobPlan plan(JobObservation seen) {
        var ledger = Ledger.of(seen.status());
        var runner = seen.runner();
        if (runner.isEmpty()) {
            return seen.unposted()
                    ? WaitingJob.unposted(seen, ledger)
                    : ledger.podUid().isPresent()
                            ? gone(seen, ledger, "RunnerLost", seen.status().podName() + " is gone")
                            : seen.findings().isEmpty()
                                    // It may have been made and be gone again: never made a second time.
                                    ? again(
                                            ledger.voided(),
                                            "RunnerNotMade",
                                            seen.status().podName() + " was not made")
                                    : unsure(seen.findings().getFirst(), ledger);
        }
        var known = ledger.made(runner.get().uid());
        var begun = runner.get().begun() ? known.runs(runner.get().started().orElse(seen.now())) : known;
        if (runner.get().finished()) {
            return finished(seen, begun, runner.get());
        }
        if (runner.get().lost(seen.now())) {
            return gone(seen, begun, "RunnerLost", runner.get().name() + " is on a node that does not answer");
        }
        return live(seen, begun, runner.get());
    }

    /** The request that failed a moment ago may still be carried out. */
    private static JobPlan unsure(Finding why, Ledger ledger) {
        return new JobPlan(Phase.Starting, why.reason(), why.message(), ledger, List.of(), Optional.empty());
    }

    private static JobPlan live(JobObservation seen, Ledger ledger, ObservedRunner runner) {
        var runs = runner.begun();
        var trouble = runner.trouble()
                .map(t -> t.pod() + ": " + t.reason() + (t.message().isEmpty() ? "" : ": " + t.message()));
        var waitsFor = trouble.orElse(
                "%1$s is starting (if it takes long, kubectl describe pod %1$s says why)".formatted(runner.name()));
        var ended = expired(seen, ledger).or(() -> JobPlan.overdue(seen, ledger, runs, waitsFor));
        if (ended.isPresent()) {
            return ended.get();
        }
        var deadline = JobPlan.nextDeadline(seen, ledger, runs);
        var phase = runs ? Phase.Running : Phase.Starting;
        var kill = killed(seen);
        if (kill.isPresent()) {
            return new JobPlan(
                    phase,
                    kill.get().reason(),
                    kill.get().message(),
                    ledger,
                    runner.deleting() ? List.of() : List.of(new Step.Kill(runner)),
                    earliest(deadline, runner.deadline()));
        }
        if (runner.deleting()) {
            return new JobPlan(
                    phase,
                    "RunnerEnding",
                    runner.name() + " is being deleted",
                    ledger,
                    List.of(),
                    earliest(deadline, runner.deadline()));
        }
        var patience = seen.lostSince().map(at -> at.plus(WITHOUT_SCHEDULER));
        return new JobPlan(
                phase,
                runs
                        ? "Running"
                        : trouble.isPresent()
                                ? "Runner" + runner.trouble().get().reason()
                                : "RunnerStarting",
                runs ? "attempt %d runs".formatted(ledger.attempts()) : waitsFor,
                ledger,
                List.of(),
                earliest(deadline, patience));
    }

    /** Why a runner that lives is to end, while the job goes on. */
    private static Optional<Obstacle> killed(JobObservation seen) {
        if (seen.job().getSpec().suspend()) {
            return Optional.of(new Obstacle(SUSPENDING, "the runner is being ended, as spec.suspend asks"));
        }
        return clusterAtRest(seen).or(() -> seen.lostSince()
                .filter(at -> !seen.now().isBefore(at.plus(WITHOUT_SCHEDULER)))
                .map(_ -> new Obstacle(
                        "SchedulerLost",
                        "the scheduler that the program worked with is gone, and the program did not end")));
    }

    private static JobPlan finished(JobObservation seen, Ledger ledger, ObservedRunner runner) {
        var exit = runner.exit();
        var numbers = seen.lastNumbersBy(runner);
        if (numbers.isPresent()) {
            return JobPlan.running(ledger, numbers);
        }
        if (exit.filter(e -> e.code() == 0).isPresent()) {
            return JobPlan.ended(
                    Phase.Succeeded,
                    "Completed",
                    "attempt %d ended with exit code 0".formatted(ledger.attempts())
                            + exit.map(ObservedRunner.Exit::words)
                                    .filter(w -> !w.isEmpty())
                                    .map(w -> ": " + w)
                                    .orElse(""),
                    ledger.ends(seen.now(), exit.get().result()));
        }
        if (runner.disrupted().isPresent()) {
            return gone(seen, ledger, "RunnerEvicted", runner.disrupted().get());
        }
        if (runner.deleting()) {
            return gone(seen, ledger, "RunnerDeleted", runner.name() + " was deleted");
        }
        var words = exit.map(e -> "exit code " + e.code() + (e.words().isEmpty() ? "" : ": " + e.words()))
                .orElseGet(runner::lastWords);
        return expired(seen, ledger).orElseGet(() -> clusterAtRest(seen)
                .map(why -> again(ledger.uncharged(seen.now()), why.reason(), why.message()))
                .orElseGet(() -> charged(
                        seen,
                        ledger.fails(seen.now()),
                        seen.withoutItsScheduler() ? "SchedulerLost" : "ProgramFailed",
                        words)));
    }

    /** Its runner did not end by itself, and what came of it is not known: by whose hand decides. */
    private static JobPlan gone(JobObservation seen, Ledger ledger, String reason, String message) {
        if (seen.job().getSpec().suspend()) {
            return WaitingJob.suspended(seen, ledger);
        }
        if (SUSPENDING.equals(seen.status().reason())) {
            return again(ledger.uncharged(seen.now()), "Resumed", "it begins anew after suspend");
        }
        var expired = expired(seen, ledger);
        if (expired.isPresent()) {
            return expired.get();
        }
        var atRest = clusterAtRest(seen);
        if (atRest.isPresent()) {
            return again(
                    ledger.uncharged(seen.now()),
                    atRest.get().reason(),
                    atRest.get().message());
        }
        if (seen.withoutItsScheduler()) {
            return charged(
                    seen, ledger.fails(seen.now()), "SchedulerLost", "the scheduler that it worked with is gone");
        }
        return ledger.interruptions() < INTERRUPTIONS
                ? again(ledger.interrupted(seen.now()), reason, message)
                : charged(seen, ledger.interrupted(seen.now()).fails(seen.now()), reason, message);
    }

    private static JobPlan charged(JobObservation seen, Ledger ledger, String reason, String message) {
        var words = "attempt %d failed: %s".formatted(ledger.attempts(), message);
        return ledger.failures() > seen.job().getSpec().retries()
                ? JobPlan.failed(seen, ledger, reason, words)
                : again(ledger, reason, words);
    }

    /** The wait begins anew; the next plan finds out for what. */
    private static JobPlan again(Ledger ledger, String reason, String message) {
        return new JobPlan(Phase.Pending, reason, message, ledger, List.of(), Optional.empty());
    }

    private static Optional<JobPlan> expired(JobObservation seen, Ledger ledger) {
        return stop(seen)
                .filter(s -> s.reason() == StopReason.MaxLifetime)
                .map(s -> JobPlan.failed(
                        seen,
                        ledger,
                        "ClusterExpired",
                        "PlanetaryCluster %s was stopped at %s, for its maxLifetime was over"
                                .formatted(seen.clusterName(), s.at())));
    }

    /** A cluster that was made to have no pods: nobody's fault. */
    private static Optional<Obstacle> clusterAtRest(JobObservation seen) {
        return seen.cluster()
                .filter(c -> c.specOrDefault().suspend() || stop(seen).isPresent())
                .flatMap(_ -> Obstacle.of(seen.withoutFindings()));
    }

    /** A stop that this job did not and will not end. */
    private static Optional<Stop> stop(JobObservation seen) {
        return seen.cluster().flatMap(Obstacle::stop).filter(s -> !Waking.wakes(seen.created(), s));
    }

    private static Optional<Instant> earliest(Optional<Instant> a, Optional<Instant> b) {
        return Stream.of(a, b).flatMap(Optional::stream).min(Instant::compareTo);
    }
}
