package dev.planetary.plan;

import dev.planetary.observe.ObservedPod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What becomes of the scheduler.
 *
 * @param create  whether a new one is due
 * @param delete  pods that go
 * @param recheck when to look again because a pod that is being deleted should be gone by then
 */
record SchedulerPlan(boolean create, List<Departure> delete, Optional<Instant> recheck) {
    /** For kubelets that are late and clocks that differ. */
    private static final Duration SLACK = Duration.ofSeconds(30);

    static SchedulerPlan of(List<ObservedPod> pods, String hash, Instant now) {
        var delete = new ArrayList<Departure>();
        pods.stream()
                .filter(p -> p.finished() && !p.deleting())
                .map(GroupPlan::finished)
                .forEach(delete::add);
        var live = pods.stream().filter(ObservedPod::live).toList();
        live.stream()
                .filter(p -> !p.madeFrom(hash))
                .map(p -> new Departure(
                        p,
                        Departure.Reason.SpecChanged,
                        p.name() + ": the spec of the scheduler changed; results are lost"))
                .forEach(delete::add);
        if (!live.isEmpty()) {
            return new SchedulerPlan(false, List.copyOf(delete), Optional.empty());
        }
        // The Service would send connections to the old and the new one alike: one at a time. A pod that is not gone
        // when it should
        // be is on a lost node, and not waited for.
        var going = pods.stream().filter(ObservedPod::deleting).toList();
        var lost = going.stream().allMatch(p -> p.deadline()
                .map(SLACK::addTo)
                .map(Instant::from)
                .filter(now::isAfter)
                .isPresent());
        return new SchedulerPlan(
                going.isEmpty() || lost,
                List.copyOf(delete),
                lost
                        ? Optional.empty()
                        : going.stream()
                                .map(ObservedPod::deadline)
                                .flatMap(Optional::stream)
                                .max(Instant::compareTo)
                                .map(SLACK::addTo)
                                .map(Instant::from));
    }
}
