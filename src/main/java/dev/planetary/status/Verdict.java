package dev.planetary.status;

import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import dev.planetary.observe.PodTrouble;
import dev.planetary.plan.Life;
import dev.planetary.plan.Locality;
import dev.planetary.plan.Shortage;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Whether something holds, and why: the first of an ordered chain of checks that has something to say.
 *
 * @param holds   whether it holds
 * @param reason  one CamelCase word
 * @param message why, in words
 */
record Verdict(boolean holds, String reason, String message) {
    /** What the checks look at. */
    record Facts(
            ClusterObservation seen,
            List<Finding> findings,
            WorkerCount workers,
            List<WorkerCount> groups,
            Optional<Shortage> shortage,
            Optional<String> nodesAwaited) {
        Life life() {
            return Life.of(seen);
        }
    }

    static Verdict scheduler(Facts facts) {
        return first(
                        facts,
                        List.of(
                                Verdict::noneWanted,
                                Verdict::waitsForRoom,
                                f -> Locality.keepsScheduler(f.seen).flatMap(x -> no(x.reason(), x.message())),
                                Verdict::schedulerTrouble,
                                Verdict::schedulerSilent,
                                Verdict::schedulerStarting))
                .orElseGet(() -> new Verdict(true, "Running", "the scheduler answers" + endangered(facts)));
    }

    static Verdict workers(Facts facts) {
        return first(
                        facts,
                        List.of(
                                Verdict::noneWanted,
                                Verdict::noRoomForAny,
                                Verdict::workersUnknown,
                                Verdict::workersMissing))
                .orElseGet(() -> new Verdict(
                        true,
                        "Running",
                        "%d of %d workers ready".formatted(facts.workers.ready(), facts.workers.desired())));
    }

    static Verdict ready(Facts facts) {
        return first(
                        facts,
                        List.of(
                                Verdict::found,
                                Verdict::atRest,
                                Verdict::schedulerTrouble,
                                Verdict::schedulerSilent,
                                Verdict::workersCannotStart,
                                f -> Optional.of(scheduler(f)).filter(v -> !v.holds),
                                f -> Optional.of(workers(f)).filter(v -> !v.holds),
                                Verdict::replacing,
                                Verdict::waiting))
                .orElseGet(() -> new Verdict(
                        true,
                        "Running",
                        "scheduler and %d workers ready".formatted(facts.workers.ready())
                                + limited(facts)
                                + endangered(facts)));
    }

    /** It works, if not as fast as asked for. */
    private static String limited(Facts facts) {
        return facts.shortage.map(s -> "; " + s.message()).orElse("");
    }

    /** A scheduler cannot move without losing all results: it stays as long as its node does. */
    private static String endangered(Facts facts) {
        return facts.seen
                .scheduler()
                .flatMap(ObservedPod::leaves)
                .map(why -> "; " + ClusterStatus.schedulerEndangered(why))
                .orElse("");
    }

    private static Optional<Verdict> first(Facts facts, List<Function<Facts, Optional<Verdict>>> checks) {
        return checks.stream()
                .map(check -> check.apply(facts))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<Verdict> no(String reason, String message) {
        return Optional.of(new Verdict(false, reason, message));
    }

    private static Optional<Verdict> found(Facts f) {
        return f.findings.stream()
                .min(java.util.Comparator.comparing(x -> !x.permanent()))
                .map(x -> new Verdict(false, x.reason(), x.message()));
    }

    private static Optional<Verdict> atRest(Facts f) {
        var life = f.life();
        if (!life.halted()) {
            return Optional.empty();
        }
        var stopped = life.stop().map(s -> LifeTold.stopped(f.seen.cluster(), s));
        if (!f.seen.pods().isEmpty()) {
            return no(
                    stopped.isPresent() ? "Stopping" : "Suspending",
                    "%d pods still there".formatted(f.seen.pods().size()));
        }
        return Optional.of(stopped.map(message -> new Verdict(true, "Stopped", message))
                .orElseGet(() -> new Verdict(true, "Suspended", "no pods, as spec.suspend asks")));
    }

    private static Optional<Verdict> noneWanted(Facts f) {
        var life = f.life();
        return !life.halted()
                ? Optional.empty()
                : life.stop().isPresent()
                        ? no("Stopped", "the cluster is stopped")
                        : no("Suspended", "spec.suspend is true");
    }

    private static Optional<Verdict> waitsForRoom(Facts f) {
        return f.shortage
                .filter(Shortage::waits)
                .flatMap(s -> no(Shortage.REASON, "none, while the namespace has no room for the cluster"));
    }

    private static Optional<Verdict> noRoomForAny(Facts f) {
        return waitsForRoom(f)
                .or(() -> f.shortage.filter(Shortage::none).flatMap(s -> no(Shortage.REASON, s.message())));
    }

    private static Optional<Verdict> schedulerTrouble(Facts f) {
        return f.seen.scheduler()
                .filter(p -> !p.ready())
                .flatMap(PodTrouble::of)
                .map(t -> trouble("Scheduler", "scheduler not ready", t));
    }

    private static Optional<Verdict> schedulerStarting(Facts f) {
        return f.seen.scheduler().filter(ObservedPod::ready).isPresent()
                        && f.seen.state().isPresent()
                ? Optional.empty()
                : no("SchedulerStarting", "the scheduler is starting");
    }

    /** A ready pod whose scheduler says nothing for longer than it takes to answer once. */
    private static Optional<Verdict> schedulerSilent(Facts f) {
        return f.seen.scheduler().filter(ObservedPod::ready).isPresent()
                        && f.seen.silentSince()
                                .filter(since -> since.plus(ClusterObservation.ANSWERS_WITHIN)
                                        .isBefore(f.seen.now()))
                                .isPresent()
                ? no(
                        "SchedulerUnreachable",
                        "the scheduler is ready but does not answer the operator on port 8787: does a network policy forbid it?")
                : Optional.empty();
    }

    private static Optional<Verdict> workersUnknown(Facts f) {
        if (f.seen.state().isPresent()) {
            return Optional.empty();
        }
        return leaving(f) > 0
                ? no(
                        "SchedulerNotReady",
                        "%d more workers than wanted; none leaves while the scheduler does not answer"
                                .formatted(leaving(f)))
                : f.workers.desired() == 0
                        ? Optional.empty()
                        : f.workers
                                .trouble()
                                .map(t -> trouble("Worker", count(f), t))
                                .or(() -> no("SchedulerNotReady", "unknown while the scheduler does not answer"));
    }

    /** Not to be told only after the scheduler has started: it will be no better then. */
    private static Optional<Verdict> workersCannotStart(Facts f) {
        return f.workers.missing() == 0
                ? Optional.empty()
                : PodTrouble.worst(f.seen.workers().stream()
                                .filter(p -> !p.ready())
                                .toList())
                        .map(t -> trouble("Worker", count(f), t));
    }

    private static Optional<Verdict> workersMissing(Facts f) {
        return f.workers.missing() == 0
                ? Optional.empty()
                : f.workers
                        .trouble()
                        .map(t -> trouble("Worker", count(f), t))
                        .or(() -> no("WorkersStarting", count(f)));
    }

    /** Not ready in between either, when an old worker has left and its successor's successor is not there yet. */
    private static Optional<Verdict> replacing(Facts f) {
        return f.workers.outdated() > 0
                ? no(
                        "WorkersReplacing",
                        "workers that are still to be replaced, for their spec changed: " + f.workers.outdated())
                : Optional.empty();
    }

    private static Optional<Verdict> waiting(Facts f) {
        return leaving(f) > 0
                ? no(
                        "WorkersLeaving",
                        "%d more workers than wanted, which leave when their results have moved".formatted(leaving(f)))
                : Optional.empty();
    }

    private static int leaving(Facts f) {
        return f.workers.tooMany();
    }

    /** Groups that lack some are named where there are several. */
    private static String count(Facts f) {
        var lacking = f.groups.size() < 2
                ? ""
                : f.groups.stream()
                        .filter(g -> g.missing() > 0)
                        .map(g -> "%s %d of %d".formatted(g.group(), g.ready(), g.desired()))
                        .collect(Collectors.joining(", ", " (", ")"));
        return "%d of %d workers ready".formatted(f.workers.ready(), f.workers.desired()) + lacking;
    }

    private static Verdict trouble(String part, String state, PodTrouble t) {
        return new Verdict(
                false,
                part + t.reason(),
                "%s; %s: %s%s".formatted(state, t.pod(), t.reason(), t.message().isEmpty() ? "" : ": " + t.message()));
    }
}
