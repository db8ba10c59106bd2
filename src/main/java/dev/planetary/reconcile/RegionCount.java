package dev.planetary.reconcile;

import dev.planetary.observe.NodeRegions;
import io.fabric8.kubernetes.api.model.Node;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** In which regions nodes are, counted as they come and go: a look costs the same however many there are. */
final class RegionCount {
    private final Map<String, Integer> nodes = new HashMap<>();
    private volatile Runnable changed = () -> {};

    /** @param changed run when a region comes or goes, not when a node does */
    void onChange(Runnable changed) {
        this.changed = changed;
    }

    synchronized Set<String> regions() {
        return Set.copyOf(nodes.keySet());
    }

    /** @param before empty: the node is new. @param now empty: it is gone */
    void note(Optional<Node> before, Optional<Node> now) {
        if (!before.map(NodeRegions::of).equals(now.map(NodeRegions::of)) && count(before, now)) {
            changed.run();
        }
    }

    private synchronized boolean count(Optional<Node> before, Optional<Node> now) {
        var regions = nodes.size();
        var came = now.map(NodeRegions::of).filter(r -> nodes.merge(r, 1, Integer::sum) == 1);
        before.map(NodeRegions::of).ifPresent(r -> nodes.computeIfPresent(r, (_, n) -> n == 1 ? null : n - 1));
        return came.isPresent() || nodes.size() != regions;
    }
}
