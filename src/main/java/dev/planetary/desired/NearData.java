package dev.planetary.desired;

import java.util.List;
import java.util.Set;

/**
 * To which nodes pods should go on account of the data. It is looked at when a pod is made, and is no part of what pods are compared
 * by: an answer of the catalogue replaces none.
 *
 * @param regions  where the data is
 * @param required true: never to nodes that are known to be elsewhere; false: rather there than elsewhere
 */
public record NearData(List<String> regions, boolean required) {
    /** The region of a node: Kubernetes' own label, which clouds set. */
    public static final String LABEL = "topology.kubernetes.io/region";

    public NearData {
        regions = List.copyOf(regions);
    }

    /** In the order of the alphabet: the same data makes the same pod. */
    public static NearData of(Set<String> regions, boolean required) {
        return new NearData(regions.stream().sorted().toList(), required);
    }
}
