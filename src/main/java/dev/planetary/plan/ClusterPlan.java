package dev.planetary.plan;

import dev.planetary.api.WorkersSpec;
import dev.planetary.api.WorkersSpec.Spot;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.GroupOffers;
import dev.planetary.desired.Labels;
import dev.planetary.desired.SchedulerPod;
import dev.planetary.desired.WorkerPod;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What is to be done with a cluster's pods now. Everything in it can be done at once, in any order but that the scheduler is told
 * of the end first, and done again.
 *
 * @param create  new pods
 * @param delete  pods to delete
 * @param retire  workers to retire through the scheduler
 * @param keep    workers whose retirement is called off
 * @param waiting workers that should leave while the scheduler does not answer
 * @param tell    what the scheduler is to be told of the groups, because it has not been, or has forgotten
 * @param ending  the scheduler is to be told that its cluster stops, so that no worker saves what nobody will use
 * @param recheck when to plan again even if nothing happens
 */
public record ClusterPlan(
        List<Pod> create,
        List<Departure> delete,
        List<Departure> retire,
        List<ObservedPod> keep,
        int waiting,
        Optional<GroupOffers> tell,
        boolean ending,
        Optional<Instant> recheck) {

    private static final Duration EARLY = Duration.ofMinutes(1);

    public static ClusterPlan of(ClusterObservation seen, ClusterModel model, Wanted wanted) {
        var life = Life.of(seen);
        if (life.halted()) {
            return stop(seen, life);
        }
        var plan = run(seen, model, wanted);
        return wanted.waits() || Locality.holds(seen) ? plan.withoutCreations() : plan;
    }

    private static ClusterPlan stop(ClusterObservation seen, Life life) {
        var reason = life.stop().isPresent() ? Departure.Reason.Stopped : Departure.Reason.Suspended;
        var why = life.stop().map(s -> s.reason().field() + " is over").orElse("spec.suspend is true");
        var delete = seen.pods().stream()
                .filter(p -> !p.deleting())
                .map(p -> new Departure(p, reason, p.name() + ": " + why))
                .toList();
        return new ClusterPlan(
                List.of(), delete, List.of(), List.of(), 0, Optional.empty(), !delete.isEmpty(), Optional.empty());
    }

    private static ClusterPlan run(ClusterObservation seen, ClusterModel model, Wanted wanted) {
        var scheduler = SchedulerPlan.of(seen.schedulers(), model.accepted().schedulerHash(), seen.now());
        var taken = seen.podNames();
        var create = new ArrayList<Pod>();
        if (scheduler.create()) {
            model.names().freeSchedulers(taken).limit(1).forEach(name -> create.add(SchedulerPod.of(model, name)));
        }
        var groups = new ArrayList<GroupPlan>();
        var recheck = new ArrayList<>(scheduler.recheck().stream().toList());
        wanted.workers().forEach((group, number) -> {
            var spot = spot(seen, model, group);
            spot.recheck().ifPresent(recheck::add);
            var plan = GroupPlan.of(
                    seen.workers(group),
                    number,
                    model.accepted().workerHash(group),
                    asked(seen, group).rollout(),
                    spot.overdue(),
                    seen.state().isPresent());
            model.names()
                    .freeWorkers(group, taken)
                    .limit(plan.create())
                    .forEach(name -> create.add(WorkerPod.of(model, group, name, spot.fallback())));
            groups.add(plan);
        });
        var workers = GroupPlan.all(groups);
        // Only the scheduler knows whether a worker that ended well was retired: its word is waited for a moment.
        var delete = workers.delete().stream().filter(d -> d.reason() != Departure.Reason.Completed || !seen.unheard());
        return new ClusterPlan(
                List.copyOf(create),
                Stream.concat(scheduler.delete().stream(), delete).toList(),
                workers.retire(),
                workers.keep(),
                workers.waiting(),
                tell(seen, model),
                false,
                recheck.stream().min(Instant::compareTo));
    }

    /** The same but for new pods, while something stands in their way; and for what goes only because they come. */
    public ClusterPlan withoutCreations() {
        return where(_ -> false, d -> !d.makesWay());
    }

    /** The same but for new workers of these groups, and for those that go only because they come. */
    public ClusterPlan withoutWorkersOf(Set<String> groups) {
        return where(
                pod -> !groups.contains(pod.getMetadata().getLabels().get(Labels.GROUP)),
                d -> !d.makesWay() || !groups.contains(d.pod().group()));
    }

    private ClusterPlan where(Predicate<Pod> comes, Predicate<Departure> goes) {
        return new ClusterPlan(
                create.stream().filter(comes).toList(),
                delete.stream().filter(goes).toList(),
                retire,
                keep,
                waiting,
                tell,
                ending,
                recheck);
    }

    /** Whether results are lost by it on account of what the spec says. */
    public boolean discardsResults() {
        return delete.stream()
                .anyMatch(d -> d.reason() == Departure.Reason.Suspended
                        || d.reason() == Departure.Reason.CaRotated
                        || d.reason() == Departure.Reason.Stopped
                        || d.reason() == Departure.Reason.SpecChanged && d.pod().isScheduler());
    }

    /** Pods that ended by themselves within a minute of their making: the next ones will do no better, and can wait a little. */
    public List<Finding> endedEarly(Instant now) {
        return delete.stream()
                .filter(d -> d.reason().warning())
                .filter(d -> Instant.parse(d.pod().pod().getMetadata().getCreationTimestamp())
                        .plus(EARLY)
                        .isAfter(now))
                .limit(1)
                .map(d -> new Finding(false, "PodsEndEarly", d.message() + "; new pods are made with growing pauses"))
                .toList();
    }

    /** Only a scheduler of a cluster with autoscaling has to know. */
    private static Optional<GroupOffers> tell(ClusterObservation seen, ClusterModel model) {
        var autoscaled = seen.cluster().specOrDefault().autoscaled();
        return seen.state().filter(s -> autoscaled).flatMap(s -> Optional.of(GroupOffers.of(model.accepted()))
                .filter(offers -> !offers.id().equals(s.groups())));
    }

    private static WorkersSpec asked(ClusterObservation seen, String group) {
        return seen.cluster().specOrDefault().groups().getOrDefault(group, WorkersSpec.DEFAULT);
    }

    private static SpotPlan spot(ClusterObservation seen, ClusterModel model, String group) {
        return SpotPlan.of(
                seen.workers(group),
                model.accepted().group(group).map(WorkersSpec::spot).orElse(Spot.Never),
                asked(seen, group).spotPatience(),
                seen.now());
    }
}
