package dev.planetary.dask;

import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;

/**
 * What each worker of a group offers, so that a scheduler can say how many it has use for, also while the group has none.
 *
 * @param threads   tasks at a time
 * @param memory    bytes; 0: not known
 * @param resources Dask's abstract resources
 */
public record GroupOffer(int threads, long memory, Map<String, BigDecimal> resources) {
    public GroupOffer {
        resources = java.util.Collections.unmodifiableMap(new TreeMap<>(resources));
    }
}
