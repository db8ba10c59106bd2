package dev.planetary.plan;

import static java.util.Comparator.comparing;

import dev.planetary.api.WorkersSpec.Rollout;
import dev.planetary.observe.ObservedPod;
import dev.planetary.observe.PodTrouble;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What becomes of a group's workers.
 *
 * @param create  how many new workers
 * @param delete  pods that hold nothing: finished, never started, or unknown to a scheduler that answers
 * @param retire  workers that must first give their results away
 * @param keep    workers on their way out that are wanted again
 * @param waiting workers that should leave, but the scheduler does not answer
 */
public record GroupPlan(
        int create, List<Departure> delete, List<Departure> retire, List<ObservedPod> keep, int waiting) {
    /** The cheapest to lose first: idle before busy, little data before much, young before old. */
    private static final Comparator<ObservedPod> CHEAPEST_FIRST = comparing(
                    (ObservedPod p) -> p.worker().isPresent())
            .thenComparing(
                    p -> p.worker().map(w -> w.executing() + w.processing()).orElse(0))
            .thenComparing(p -> p.worker().map(w -> w.memory()).orElse(0L))
            .thenComparing(p -> p.pod().getMetadata().getCreationTimestamp(), Comparator.reverseOrder())
            .thenComparing(ObservedPod::name, Comparator.reverseOrder());

    /**
     * @param pods    the group's pods
     * @param wanted  how many workers there should be
     * @param hash    what they should be made from
     * @param rollout how many may be too many or missing while outdated ones are replaced
     * @param overdue those that have waited for a spot node long enough
     * @param known   whether the scheduler answers
     */
    static GroupPlan of(
            List<ObservedPod> pods,
            int wanted,
            String hash,
            Rollout rollout,
            List<ObservedPod> overdue,
            boolean known) {
        // On a node that ends they are no capacity any more, whether they are asked already or not.
        var ending = pods.stream()
                .filter(p -> p.live() && !p.retiring() && p.leaves().isPresent())
                .toList();
        var staying = pods.stream()
                .filter(p -> p.live() && !p.retiring() && !overdue.contains(p) && !ending.contains(p))
                .toList();
        var current = staying.stream().filter(p -> p.madeFrom(hash)).toList();
        var outdated = staying.stream().filter(p -> !p.madeFrom(hash)).toList();
        var leaving = pods.stream()
                .filter(p -> p.live() && p.retiring() && p.leaves().isEmpty())
                .toList();

        var missing = Math.max(0, wanted - current.size());
        // Rather one that works than one that has not started: its node may have taken back what it announced.
        var working = current.stream().filter(ObservedPod::started).count();
        var keep = leaving.stream()
                .filter(p -> p.madeFrom(hash) && p.worker().isPresent())
                .sorted(CHEAPEST_FIRST.reversed())
                .limit(Math.max(0, wanted - working))
                .toList();
        // Those that still give their results away have their place: else a slow change would double the group.
        var room = outdated.isEmpty() ? missing : wanted + rollout.maxSurge() - staying.size() - leaving.size();
        var create = Math.max(0, Math.min(missing - keep.size(), room));

        var delete = new ArrayList<Departure>();
        pods.stream()
                .filter(p -> p.finished() && !p.deleting())
                .map(GroupPlan::finished)
                .forEach(delete::add);
        overdue.stream()
                .map(p -> new Departure(
                        p, Departure.Reason.SpotUnavailable, p.name() + " found no place on a spot node in time"))
                .forEach(delete::add);
        var goes = new ArrayList<Departure>();
        ending.stream()
                .map(p -> new Departure(
                        p,
                        Departure.Reason.NodeEnding,
                        "%s: %s".formatted(p.name(), p.leaves().orElseThrow())))
                .forEach(goes::add);
        current.stream()
                .sorted(CHEAPEST_FIRST)
                .limit(Math.max(0, current.size() - wanted))
                .map(p -> new Departure(
                        p, Departure.Reason.ScaledDown, "%s: %d workers are wanted".formatted(p.name(), wanted)))
                .forEach(goes::add);
        var why = hash.isEmpty() ? "its group is no longer in the spec" : "the spec of the workers changed";
        outdated(current, outdated, wanted, rollout, known)
                .map(p -> new Departure(p, Departure.Reason.SpecChanged, p.name() + ": " + why))
                .forEach(goes::add);

        var retire = new ArrayList<Departure>();
        var waiting = 0;
        for (var departure : goes) {
            if (holdsNothing(departure.pod(), known)) {
                delete.add(departure);
            } else if (known) {
                retire.add(departure);
            } else {
                waiting++;
            }
        }
        return new GroupPlan(create, List.copyOf(delete), List.copyOf(retire), keep, waiting);
    }

    /** Those that hold nothing go at once; the others as the scheduler gets new ones to use in their place. */
    private static Stream<ObservedPod> outdated(
            List<ObservedPod> current, List<ObservedPod> outdated, int wanted, Rollout rollout, boolean known) {
        var holding = outdated.stream()
                .filter(p -> !holdsNothing(p, known))
                .sorted(CHEAPEST_FIRST)
                .toList();
        var usable = (int) current.stream().filter(ObservedPod::usable).count();
        var mayLeave = Math.clamp(usable + holding.size() - wanted + rollout.maxUnavailable(), 0, holding.size());
        return Stream.concat(
                outdated.stream().filter(p -> holdsNothing(p, known)),
                holding.stream().limit(mayLeave));
    }

    private static boolean holdsNothing(ObservedPod pod, boolean known) {
        return !pod.started() || known && pod.worker().isEmpty();
    }

    /** All groups' plans as one; which name is whose does not matter for what leaves. */
    static GroupPlan all(Collection<GroupPlan> plans) {
        return new GroupPlan(
                plans.stream().mapToInt(GroupPlan::create).sum(),
                plans.stream().flatMap(p -> p.delete.stream()).toList(),
                plans.stream().flatMap(p -> p.retire.stream()).toList(),
                plans.stream().flatMap(p -> p.keep.stream()).toList(),
                plans.stream().mapToInt(GroupPlan::waiting).sum());
    }

    static Departure finished(ObservedPod pod) {
        if (pod.succeeded() && pod.retired()) {
            return new Departure(
                    pod, Departure.Reason.Retired, pod.name() + ": its results were moved to other workers");
        }
        if (pod.succeeded()) {
            return new Departure(pod, Departure.Reason.Completed, pod.name() + " ended by itself");
        }
        var evicted = "Evicted".equals(pod.pod().getStatus().getReason());
        return new Departure(
                pod,
                evicted ? Departure.Reason.Evicted : Departure.Reason.Failed,
                (pod.name() + ": " + PodTrouble.lastWords(pod)).strip());
    }
}
