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
        var workers = Workers.of(pods, hash, overdue);
        var keep = keep(workers, hash, wanted);
        var delete = new ArrayList<>(
                Stream.concat(finished(pods), overdue(workers, overdue, wanted)).toList());
        var retire = new ArrayList<Departure>();
        var waiting = 0;
        for (var departure : leaving(workers, wanted, hash, rollout, known)) {
            if (holdsNothing(departure.pod(), known)) {
                delete.add(departure);
            } else if (known) {
                retire.add(departure);
            } else {
                waiting++;
            }
        }
        return new GroupPlan(
                create(workers, keep.size(), wanted, rollout), List.copyOf(delete), List.copyOf(retire), keep, waiting);
    }

    /**
     * A group's workers that live.
     *
     * @param ending   on a node that ends, and not asked to go yet
     * @param current  made from what the spec says now, and staying so far
     * @param outdated the others that stay so far
     * @param retiring asked to go, though their node stays
     */
    private record Workers(
            List<ObservedPod> ending,
            List<ObservedPod> current,
            List<ObservedPod> outdated,
            List<ObservedPod> retiring) {
        static Workers of(List<ObservedPod> pods, String hash, List<ObservedPod> overdue) {
            var live = pods.stream().filter(ObservedPod::live).toList();
            // On a node that ends they are no capacity any more, whether they are asked already or not.
            var staying = live.stream()
                    .filter(p -> !p.retiring() && p.leaves().isEmpty() && !overdue.contains(p))
                    .toList();
            return new Workers(
                    live.stream()
                            .filter(p -> !p.retiring() && p.leaves().isPresent())
                            .toList(),
                    staying.stream().filter(p -> p.madeFrom(hash)).toList(),
                    staying.stream().filter(p -> !p.madeFrom(hash)).toList(),
                    live.stream()
                            .filter(p -> p.retiring() && p.leaves().isEmpty())
                            .toList());
        }
    }

    private static List<ObservedPod> keep(Workers workers, String hash, int wanted) {
        // Rather one that works than one that has not started: its node may have taken back what it announced.
        var working = workers.current.stream().filter(ObservedPod::started).count();
        return workers.retiring.stream()
                .filter(p -> p.madeFrom(hash) && p.worker().isPresent())
                .sorted(CHEAPEST_FIRST.reversed())
                .limit(Math.max(0, wanted - working))
                .toList();
    }

    private static int create(Workers workers, int kept, int wanted, Rollout rollout) {
        var missing = Math.max(0, wanted - workers.current.size());
        var there = workers.current.size() + workers.outdated.size() + workers.retiring.size();
        // Those that still give their results away have their place: else a slow change would double the group.
        var room = workers.outdated.isEmpty() ? missing : wanted + rollout.maxSurge() - there;
        return Math.max(0, Math.min(missing - kept, room));
    }

    /** Who is to go, and is not asked yet or is asked again. */
    private static List<Departure> leaving(Workers workers, int wanted, String hash, Rollout rollout, boolean known) {
        var why = hash.isEmpty() ? "its group is no longer in the spec" : "the spec of the workers changed";
        return Stream.of(
                        workers.ending.stream()
                                .map(p -> new Departure(
                                        p,
                                        Departure.Reason.NodeEnding,
                                        "%s: %s".formatted(p.name(), p.leaves().orElseThrow()))),
                        workers.current.stream()
                                .sorted(CHEAPEST_FIRST)
                                .limit(Math.max(0, workers.current.size() - wanted))
                                .map(p -> scaledDown(p, wanted)),
                        outdated(workers.current, workers.outdated, wanted, rollout, known)
                                .map(p -> new Departure(p, Departure.Reason.SpecChanged, p.name() + ": " + why)))
                .flatMap(departures -> departures)
                .toList();
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

    private static Stream<Departure> finished(List<ObservedPod> pods) {
        return pods.stream().filter(p -> p.finished() && !p.deleting()).map(GroupPlan::finished);
    }

    /** Another comes in the place of each, but for those that are not wanted any more. */
    private static Stream<Departure> overdue(Workers workers, List<ObservedPod> overdue, int wanted) {
        var surplus = Math.max(0, workers.current.size() + overdue.size() - wanted);
        return Stream.concat(
                overdue.stream().limit(surplus).map(p -> scaledDown(p, wanted)),
                overdue.stream()
                        .skip(surplus)
                        .map(p -> new Departure(
                                p,
                                Departure.Reason.SpotUnavailable,
                                p.name() + " found no place on a spot node in time")));
    }

    private static Departure scaledDown(ObservedPod pod, int wanted) {
        return new Departure(
                pod, Departure.Reason.ScaledDown, "%s: %d workers are wanted".formatted(pod.name(), wanted));
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
