package dev.planetary.observe;

import dev.planetary.stac.CollectionPlace;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Where a cluster's data and its nodes are, as far as is known.
 *
 * @param collections   of {@code spec.data}, by id
 * @param defaultRegion where data is of which nobody says it
 */
public record Whereabouts(Map<String, CollectionPlace> collections, Optional<String> defaultRegion, NodeRegions nodes) {

    public Whereabouts {
        collections = Collections.unmodifiableMap(new TreeMap<>(collections));
    }
}
