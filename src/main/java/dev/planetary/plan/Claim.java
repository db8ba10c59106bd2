package dev.planetary.plan;

import dev.planetary.api.PlanetaryClusterStatus.GroupStatus;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.SchedulerPod;
import dev.planetary.desired.WorkerPod;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What a cluster would have of its namespace's limits, and what it has.
 *
 * @param name      of the cluster
 * @param created   older ones come first
 * @param wants     whether it should have pods: not suspended, not stopped, not being deleted
 * @param runs      whether it has pods that live, and keeps them
 * @param scheduler what its scheduler takes
 * @param groups    the default group first
 * @param held      what is not others' to have: of its pods, those on their way out included, and of what it was granted before
 * @param keeps     what it may have even if the limit is exceeded, for it was lowered: what it has, as far as it was wanted before
 */
public record Claim(
        String name,
        Instant created,
        boolean wants,
        boolean runs,
        Use scheduler,
        List<Group> groups,
        Use held,
        Use keeps) {
    /** Who is served first. */
    static final Comparator<Claim> OLDEST_FIRST =
            Comparator.comparing(Claim::created).thenComparing(Claim::name);

    /**
     * A group of workers.
     *
     * @param asked   how many there should be
     * @param current how many of them are there, made as they should be: they stay
     * @param each    what one takes
     */
    public record Group(String name, int asked, int current, Use each) {}

    public Claim {
        groups = List.copyOf(groups);
    }

    /** @param asked how many workers it would have without limits */
    public static Claim of(ClusterObservation seen, ClusterModel model, Wanted asked, Limits limits) {
        var accepted = model.accepted();
        var groups = accepted.pods().groups().keySet().stream()
                .map(group -> new Group(
                        group,
                        asked.workers(group),
                        (int) seen.workers(group).stream()
                                .filter(p -> p.live() && !p.retiring() && p.madeFrom(accepted.workerHash(group)))
                                .count(),
                        Use.WORKER.plus(size(limits, () -> WorkerPod.of(model, group, "any")))))
                .toList();
        var meta = seen.cluster().getMetadata();
        return new Claim(
                seen.name(),
                Instant.parse(meta.getCreationTimestamp()),
                !Life.of(seen).halted() && meta.getDeletionTimestamp() == null,
                seen.pods().stream().anyMatch(ObservedPod::live),
                size(limits, () -> SchedulerPod.of(model, "any")),
                groups,
                held(seen),
                keeps(seen));
    }

    /** What pods of a cluster that is gone still have. */
    public static Claim leftOver(String name, List<ObservedPod> pods) {
        var held = use(pods.stream().filter(p -> !p.finished()));
        return new Claim(name, Instant.EPOCH, false, false, Use.NONE, List.of(), held, Use.NONE);
    }

    /** It is there, but nothing can be made of it. */
    public Claim withdrawn() {
        return new Claim(name, created, false, runs, scheduler, groups, held, keeps);
    }

    public Claim holding(Use granted) {
        return new Claim(name, created, wants, runs, scheduler, groups, held.max(granted), keeps);
    }

    private static Use held(ClusterObservation seen) {
        return use(seen.pods().stream().filter(p -> !p.finished()));
    }

    /** Without those that stand beside others for a moment, while these are replaced: the namespace would never be within its limit. */
    private static Use keeps(ClusterObservation seen) {
        var told = seen.cluster().getStatus() == null
                ? List.<GroupStatus>of()
                : seen.cluster().getStatus().groups();
        var workers = told.stream().flatMap(group -> seen.workers(group.name()).stream()
                .filter(p -> p.live() && !p.retiring())
                .sorted(Comparator.comparing(ObservedPod::created).thenComparing(ObservedPod::name))
                .limit(group.desired() == null ? 0 : group.desired()));
        return use(Stream.concat(seen.scheduler().stream(), workers));
    }

    private static Use use(Stream<ObservedPod> pods) {
        return pods.map(p -> p.isScheduler() ? Use.of(p.pod()) : Use.WORKER.plus(Use.of(p.pod())))
                .reduce(Use::plus)
                .map(Use.CLUSTER::plus)
                .orElse(Use.NONE);
    }

    /** A template that is no pod's is told of elsewhere. */
    private static Use size(Limits limits, Supplier<Pod> pod) {
        try {
            return limits.bySize() ? Use.of(pod.get()) : Use.NONE;
        } catch (IllegalArgumentException e) {
            return Use.NONE;
        }
    }
}
