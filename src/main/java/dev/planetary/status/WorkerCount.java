package dev.planetary.status;

import dev.planetary.observe.ObservedPod;
import dev.planetary.observe.PodTrouble;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * Workers in numbers.
 *
 * @param group    whose they are; empty: all groups'
 * @param desired  so many are wanted
 * @param replicas there, and not on their way out
 * @param ready    the scheduler gives them tasks
 * @param retiring on their way out
 * @param outdated still to be replaced, for their spec changed
 * @param missing  wanted and not ready; a group with too many does not make up for another
 * @param tooMany  there and not wanted
 * @param trouble  what keeps one from being ready
 */
record WorkerCount(
        String group,
        int desired,
        int replicas,
        int ready,
        int retiring,
        int outdated,
        int missing,
        int tooMany,
        Optional<PodTrouble> trouble) {

    /** @param hash what they should be made from; empty: nothing, for the group is to go */
    static WorkerCount of(String group, List<ObservedPod> pods, int desired, String hash) {
        var staying = pods.stream().filter(p -> p.live() && !p.retiring()).toList();
        var ready = (int) pods.stream().filter(ObservedPod::usable).count();
        return new WorkerCount(
                group,
                desired,
                staying.size(),
                ready,
                (int) pods.stream()
                        .filter(p -> p.live() && p.retiring() || p.deleting())
                        .count(),
                hash.isEmpty()
                        ? 0
                        : (int) staying.stream().filter(p -> !p.madeFrom(hash)).count(),
                Math.max(0, desired - ready),
                Math.max(0, staying.size() - desired),
                PodTrouble.worst(pods.stream().filter(p -> !p.usable()).toList()));
    }

    static WorkerCount all(List<WorkerCount> groups, List<ObservedPod> pods) {
        return new WorkerCount(
                "",
                sum(groups, WorkerCount::desired),
                sum(groups, WorkerCount::replicas),
                sum(groups, WorkerCount::ready),
                sum(groups, WorkerCount::retiring),
                sum(groups, WorkerCount::outdated),
                sum(groups, WorkerCount::missing),
                sum(groups, WorkerCount::tooMany),
                PodTrouble.worst(pods.stream().filter(p -> !p.usable()).toList()));
    }

    private static int sum(List<WorkerCount> groups, ToIntFunction<WorkerCount> of) {
        return groups.stream().mapToInt(of).sum();
    }
}
