package dev.planetary.reconcile;

import dev.planetary.dask.SchedulerState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Collectors;

/**
 * Remembers for a while how many workers each scheduler had use for, so that a pause between two computations costs no worker. Lost
 * with the operator's process, or when a scheduler is silent or new: then no worker leaves for one period more.
 */
final class Calm {
    /** How many workers each group had use for, from a moment on. */
    private record Targets(Instant from, Map<String, Integer> workers) {}

    private record History(String boot, List<Targets> targets) {}

    private final ConcurrentMap<String, History> clusters = new ConcurrentHashMap<>();
    private final Duration period;

    /** @param period how long fewer workers must have been enough before some leave */
    Calm(Duration period) {
        this.period = period;
    }

    /** Takes note of what a scheduler says; by group: the highest target of the period, if it was watched that long. */
    Map<String, Integer> note(String clusterUid, Optional<SchedulerState> state, Instant now) {
        if (state.isEmpty()) {
            clusters.remove(clusterUid);
            return Map.of();
        }
        var history = clusters.compute(clusterUid, (uid, before) -> with(before, state.get(), now));
        return history.targets.getFirst().from.isAfter(now.minus(period))
                ? Map.of()
                : history.targets.stream()
                        .flatMap(t -> t.workers.entrySet().stream())
                        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue, Math::max));
    }

    /** When the highest target may be another one although nothing happens; empty: never. */
    Optional<Instant> nextChange(String clusterUid, Instant now) {
        var targets = Optional.ofNullable(clusters.get(clusterUid))
                .map(History::targets)
                .orElse(List.of());
        return targets.stream()
                .skip(targets.size() > 1 ? 1 : 0)
                .map(t -> t.from.plus(period))
                .filter(now::isBefore)
                .findFirst();
    }

    void forget(String clusterUid) {
        clusters.remove(clusterUid);
    }

    private History with(History before, SchedulerState state, Instant now) {
        var targets = before == null || !before.boot.equals(state.boot()) ? List.<Targets>of() : before.targets;
        var all = new ArrayList<>(targets);
        if (all.isEmpty() || !all.getLast().workers.equals(state.targets())) {
            all.add(new Targets(now, state.targets()));
        }
        // One holds until the next: it counts as long as that one has not been in force for the whole period.
        while (all.size() > 1 && !all.get(1).from.isAfter(now.minus(period))) {
            all.removeFirst();
        }
        return new History(state.boot(), List.copyOf(all));
    }
}
