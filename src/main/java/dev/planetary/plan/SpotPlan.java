package dev.planetary.plan;

import dev.planetary.api.WorkersSpec.Spot;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ObservedPod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * For which nodes a group's new workers are made, where it prefers spot. Preferring alone would not do: a pod that fits a regular node
 * takes it, and an autoscaler never adds a spot node on its account. So each is made for spot nodes only; one that has waited too long
 * is replaced by one for regular nodes. That one is the memory of it: while it is young, others are made like it.
 *
 * @param overdue  workers that have waited for a spot node long enough
 * @param fallback whether new workers are made for regular nodes
 * @param recheck  when the next one has waited long enough
 */
record SpotPlan(List<ObservedPod> overdue, boolean fallback, Optional<Instant> recheck) {
    /** Before spot is tried again for new workers. */
    private static final Duration RETRY_AFTER = Duration.ofMinutes(30);

    static SpotPlan of(List<ObservedPod> pods, Spot spot, Duration patience, Instant now) {
        if (spot != Spot.Prefer) {
            return new SpotPlan(List.of(), false, Optional.empty());
        }
        var waiting = pods.stream()
                .filter(p -> p.madeFor(Labels.SPOT) && p.unplaced())
                .toList();
        var overdue = waiting.stream()
                .filter(p -> !now.isBefore(p.created().plus(patience)))
                .toList();
        var fellBack = pods.stream()
                .filter(p -> p.madeFor(Labels.REGULAR))
                .anyMatch(p -> now.isBefore(p.created().plus(RETRY_AFTER)));
        return new SpotPlan(
                overdue,
                fellBack || !overdue.isEmpty(),
                waiting.stream()
                        .filter(p -> !overdue.contains(p))
                        .map(p -> p.created().plus(patience))
                        .min(Instant::compareTo));
    }
}
