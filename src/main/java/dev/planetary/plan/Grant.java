package dev.planetary.plan;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a cluster is given of what it claims.
 *
 * @param waits   whether it has no pods for now: there is no room for a cluster, for its scheduler, or for any of its workers
 * @param workers by group
 * @param lacks   what there was too little of
 * @param use     all of it together
 */
public record Grant(boolean waits, Map<String, Integer> workers, Optional<Measure> lacks, Use use) {

    public Grant {
        workers = Map.copyOf(workers);
    }

    /**
     * Serves all clusters of a namespace, each under its key: each keeps what it has, and what is free goes to the oldest that asks for more,
     * as far as it can use it. So none loses a worker to another, and none is overtaken by younger ones.
     */
    public static Map<String, Grant> all(Limits limits, Map<String, Claim> claims) {
        var free = limits.all().minus(claims.values().stream().map(Claim::held).reduce(Use.NONE, Use::plus));
        var grants = new HashMap<String, Grant>();
        var inTurn = claims.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Claim.OLDEST_FIRST))
                .toList();
        for (var next : inTurn) {
            var claim = next.getValue();
            var grant = of(claim, free.plus(claim.held()).max(claim.keeps()));
            free = free.minus(grant.use.minus(claim.held()).max(Use.NONE));
            grants.put(next.getKey(), grant);
        }
        return grants;
    }

    /** Whether it is more than another. */
    public boolean exceeds(Grant other) {
        return !waits && other.waits
                || workers.entrySet().stream().anyMatch(w -> w.getValue() > other.workers.getOrDefault(w.getKey(), 0));
    }

    private static Grant of(Claim claim, Use room) {
        if (!claim.wants()) {
            return new Grant(false, Map.of(), Optional.empty(), Use.NONE);
        }
        var base = Use.CLUSTER.plus(claim.scheduler());
        var lacks = room.lacks(base);
        if (lacks.isPresent() && !claim.runs()) {
            return new Grant(true, Map.of(), lacks, Use.NONE);
        }
        return distribute(claim, base, room);
    }

    /** First one for each group, for a task may have use for no other; then as many as are asked for, the default group first. */
    private static Grant distribute(Claim claim, Use base, Use room) {
        var workers = new HashMap<String, Integer>();
        claim.groups().forEach(g -> workers.put(g.name(), Math.min(g.asked(), g.current())));
        var use = use(claim, base, workers);
        for (var most : new int[] {1, Integer.MAX_VALUE}) {
            for (var group : claim.groups()) {
                var missing = Math.min(group.asked(), most) - workers.get(group.name());
                var more = Math.clamp(missing, 0, room.minus(use).holds(group.each()));
                workers.merge(group.name(), more, Integer::sum);
                use = use.plus(group.each().times(more));
            }
        }
        var left = room.minus(use);
        var lacks = claim.groups().stream()
                .filter(g -> g.asked() > workers.get(g.name()))
                .map(g -> left.lacks(g.each()))
                .flatMap(Optional::stream)
                .findFirst();
        var none = workers.values().stream().allMatch(n -> n == 0);
        return lacks.isPresent() && none && !claim.runs()
                ? new Grant(true, Map.of(), lacks, Use.NONE)
                : new Grant(false, workers, lacks, use);
    }

    private static Use use(Claim claim, Use base, Map<String, Integer> workers) {
        return claim.groups().stream()
                .map(g -> g.each().times(workers.get(g.name())))
                .reduce(base, Use::plus);
    }
}
