package dev.planetary.status;

import static dev.planetary.api.PlanetaryClusterSpec.DEFAULT_GROUP;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.GroupStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.api.PlanetaryClusterStatus.SchedulerStatus;
import dev.planetary.api.PlanetaryClusterStatus.WorkersStatus;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import dev.planetary.observe.Quoted;
import dev.planetary.plan.Expiry;
import dev.planetary.plan.Life;
import dev.planetary.plan.Locality;
import dev.planetary.plan.Shortage;
import dev.planetary.plan.Wanted;
import dev.planetary.status.Verdict.Facts;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** From what was seen and found to the status of a PlanetaryCluster. */
public final class ClusterStatus {
    private static final Set<String> PROGRESS = Set.of(
            "SchedulerStarting",
            "SchedulerNotReady",
            "WorkersStarting",
            "WorkersReplacing",
            "WorkersLeaving",
            "Suspending",
            "Stopping",
            "Waiting",
            Locality.LOCATING,
            // Has an event of its own.
            Shortage.REASON);

    /** Conditions that a pass that failed says anew. */
    private static final Set<String> OF_THE_WHOLE = Set.of(Condition.READY, Condition.RECONCILING, Condition.STALLED);

    private static final PlanetaryClusterStatus NOTHING =
            new PlanetaryClusterStatus(null, null, null, null, null, null);

    private ClusterStatus() {}

    /** Without node pools. */
    public static PlanetaryClusterStatus of(
            ClusterObservation seen, ClusterModel model, Wanted wanted, List<Finding> findings) {
        return of(seen, model, wanted, findings, Optional.empty());
    }

    /**
     * @param findings     what stands in the way, permanent or not
     * @param nodesAwaited which workers wait for which node pool, and for what
     */
    public static PlanetaryClusterStatus of(
            ClusterObservation seen,
            ClusterModel model,
            Wanted wanted,
            List<Finding> findings,
            Optional<String> nodesAwaited) {
        var groups = counts(seen, model, wanted);
        var count = groups.getFirst();
        var facts = new Facts(
                seen, findings, WorkerCount.all(groups, seen.workers()), groups, wanted.shortage(), nodesAwaited);
        var before = Optional.ofNullable(seen.cluster().getStatus());
        if (before.isPresent() && findings.isEmpty() && unheard(seen, before.get())) {
            return before.get();
        }
        var conditions = Conditions.of(facts, model, before);
        var scheduler = seen.scheduler();
        var life = facts.life();
        var placeless = wanted.waits() || Locality.keepsScheduler(seen).isPresent();
        return new PlanetaryClusterStatus(
                        seen.cluster().getMetadata().getGeneration(),
                        phase(facts, before),
                        conditions,
                        new SchedulerStatus(
                                model.schedulerAddress(),
                                model.schedulerUrl() + "/status",
                                scheduler.map(ObservedPod::name).orElse(null),
                                scheduler.map(ObservedPod::restarts).orElse(0)),
                        new WorkersStatus(
                                count.replicas(),
                                count.desired(),
                                count.ready(),
                                count.retiring(),
                                Labels.workerSelector(seen.name(), DEFAULT_GROUP)),
                        groups.stream()
                                .map(g -> new GroupStatus(g.group(), g.desired(), g.ready(), g.retiring()))
                                .toList())
                // Its life begins when it has its place.
                .withTimes(
                        life.startedAt().filter(_ -> !placeless),
                        life.idleSince(),
                        life.expiry().filter(_ -> !placeless).map(Expiry::at),
                        life.stop());
    }

    /** The default group first, the others by name; one that is to go as long as it has pods. */
    private static List<WorkerCount> counts(ClusterObservation seen, ClusterModel model, Wanted wanted) {
        return Stream.concat(
                        Stream.of(DEFAULT_GROUP),
                        wanted.workers().keySet().stream().filter(g -> !g.equals(DEFAULT_GROUP)))
                .map(group -> WorkerCount.of(
                        group,
                        seen.workers(group),
                        wanted.workers(group),
                        model.accepted().workerHash(group)))
                .toList();
    }

    /** A pass that failed: what was known stays, but is not vouched for. */
    public static PlanetaryClusterStatus error(PlanetaryCluster cluster, RuntimeException e, Instant now) {
        var before = Optional.ofNullable(cluster.getStatus());
        var message = Quoted.beginning("the operator failed and tries again: " + e.getMessage());
        return new PlanetaryClusterStatus(
                        cluster.getMetadata().getGeneration(),
                        before.map(PlanetaryClusterStatus::phase).orElse(Phase.Pending),
                        Stream.concat(
                                        Stream.of(
                                                failed(cluster, Condition.READY, Status.False, message, now),
                                                failed(cluster, Condition.RECONCILING, Status.True, message, now)),
                                        before.map(PlanetaryClusterStatus::conditions).orElse(List.of()).stream()
                                                .filter(c -> !OF_THE_WHOLE.contains(c.type())))
                                .toList(),
                        before.map(PlanetaryClusterStatus::scheduler).orElse(null),
                        before.map(PlanetaryClusterStatus::workers).orElse(null),
                        before.map(PlanetaryClusterStatus::groups).orElse(List.of()))
                .withTimesOf(before.orElse(NOTHING));
    }

    private static Condition failed(PlanetaryCluster cluster, String type, Status status, String message, Instant now) {
        return Conditions.condition(
                Optional.ofNullable(cluster.getStatus()).flatMap(s -> s.condition(type)),
                type,
                status,
                cluster.getMetadata().getGeneration(),
                Condition.OPERATOR_ERROR,
                message,
                now);
    }

    /** Whether it tells of something that somebody may have to look at, not only of progress. */
    public static boolean isTrouble(PlanetaryClusterStatus status) {
        return status.condition(Condition.READY)
                .filter(c -> c.status() != Status.True && !PROGRESS.contains(c.reason()))
                .isPresent();
    }

    /** @param why the scheduler should leave its node */
    public static String schedulerEndangered(String why) {
        return "the scheduler cannot leave without losing all results, and stays: " + why;
    }

    /** When a scheduler that says nothing will be called silent; no event tells. */
    public static Optional<Instant> patienceEnds(ClusterObservation seen) {
        return seen.silentSince()
                .map(since -> since.plus(ClusterObservation.ANSWERS_WITHIN).plusSeconds(1));
    }

    /** Whether a reader acts differently on the two: if only counters moved, a write can wait for the next one. */
    public static boolean onlyCountersDiffer(PlanetaryClusterStatus a, PlanetaryClusterStatus b) {
        return a != null
                && a.phase() == b.phase()
                && java.util.Objects.equals(a.observedGeneration(), b.observedGeneration())
                && reason(a, Condition.READY).equals(reason(b, Condition.READY))
                && words(a, Condition.DATA_LOCAL).equals(words(b, Condition.DATA_LOCAL))
                && a.condition(Condition.EXPIRES_SOON).equals(b.condition(Condition.EXPIRES_SOON))
                && a.condition(Condition.LIMITED).isPresent()
                        == b.condition(Condition.LIMITED).isPresent();
    }

    /** The scheduler answered before, and will have its time to do so again: no reason to call a cluster broken that runs. */
    private static boolean unheard(ClusterObservation seen, PlanetaryClusterStatus before) {
        return seen.unheard()
                && !Life.of(seen).halted()
                && before.condition(Condition.READY)
                        .filter(c -> c.reason().equals(Condition.OPERATOR_ERROR))
                        .isEmpty()
                && java.util.Objects.equals(
                        before.observedGeneration(),
                        seen.cluster().getMetadata().getGeneration())
                && before.condition(Condition.SCHEDULER_READY)
                        .filter(c -> c.status() == Status.True)
                        .isPresent()
                && before.scheduler() != null
                && seen.scheduler()
                        .map(ObservedPod::name)
                        .equals(Optional.ofNullable(before.scheduler().podName()));
    }

    private static String reason(PlanetaryClusterStatus s, String type) {
        return s.condition(type).map(c -> c.status() + c.reason()).orElse("");
    }

    /** What is told as an event each time it says something else. */
    private static String words(PlanetaryClusterStatus s, String type) {
        return reason(s, type) + s.condition(type).map(Condition::message).orElse("");
    }

    private static Phase phase(Facts facts, Optional<PlanetaryClusterStatus> before) {
        if (facts.life().halted()) {
            return facts.life().stop().isPresent() ? Phase.Stopped : Phase.Suspended;
        }
        if (Verdict.ready(facts).holds()) {
            return Phase.Running;
        }
        if (facts.findings().stream().anyMatch(Finding::permanent)) {
            var works = Verdict.scheduler(facts).holds()
                    && (facts.workers().ready() > 0 || facts.workers().desired() == 0);
            return works ? Phase.Degraded : Phase.Failed;
        }
        // Once it ran, a missing part is a loss; before, it is on its way up.
        var ran = before.map(PlanetaryClusterStatus::phase)
                .filter(p -> p == Phase.Running || p == Phase.Degraded)
                .isPresent();
        return ran ? Phase.Degraded : Phase.Pending;
    }
}
