package dev.planetary.azure;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What an agent pool is to be. The first part cannot be changed in Azure once the pool is made.
 *
 * @param spot      whether its machines may be taken back, and are then deleted
 * @param maxPrice  of a spot machine's hour in US dollars; -1: that of a regular one
 * @param diskGB    empty: AKS chooses
 * @param taints    as {@code key=value:effect}
 */
public record PoolShape(
        String name,
        String vmSize,
        boolean spot,
        Optional<BigDecimal> maxPrice,
        List<String> zones,
        Optional<Integer> diskGB,
        int min,
        int max,
        Map<String, String> labels,
        List<String> taints,
        Map<String, String> tags) {

    /** On spot pools AKS puts these itself, and others of its own. */
    private static final String OF_AKS = "kubernetes.azure.com/";

    public PoolShape {
        zones = List.copyOf(zones);
        labels = Map.copyOf(labels);
        taints = List.copyOf(taints);
        tags = Map.copyOf(tags);
    }

    /** Whether a pool that is like {@code present} has to be changed for it to be like this. Tags that others gave it are theirs. */
    public boolean differs(PoolShape present) {
        return min != present.min
                || max != present.max
                || !labels.equals(present.withoutAks().labels)
                || !Set.copyOf(taints).equals(Set.copyOf(present.withoutAks().taints))
                || !present.tags.entrySet().containsAll(tags.entrySet());
    }

    private PoolShape withoutAks() {
        var some = new HashMap<>(labels);
        some.keySet().removeIf(key -> key.startsWith(OF_AKS));
        return new PoolShape(
                name,
                vmSize,
                spot,
                maxPrice,
                zones,
                diskGB,
                min,
                max,
                some,
                taints.stream().filter(t -> !t.startsWith(OF_AKS)).toList(),
                tags);
    }
}
