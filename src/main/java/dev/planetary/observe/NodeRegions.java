package dev.planetary.observe;

import dev.planetary.desired.NearData;
import io.fabric8.kubernetes.api.model.Node;
import java.util.Optional;
import java.util.Set;

/**
 * In which regions nodes are, as their labels say it; {@link #NONE} stands for nodes that have no such label.
 *
 * @param watched whether nodes may be looked at; if not, nothing is known
 * @param all     of all nodes
 * @param ofPods  of those that the cluster's pods are on
 */
public record NodeRegions(boolean watched, Set<String> all, Set<String> ofPods) {
    public static final String NONE = "";

    public NodeRegions {
        all = Set.copyOf(all);
        ofPods = Set.copyOf(ofPods);
    }

    /** {@return the region of a node} */
    public static String of(Node node) {
        return Optional.ofNullable(node.getMetadata().getLabels())
                .map(labels -> labels.get(NearData.LABEL))
                .orElse(NONE);
    }

    /** {@return where the cluster's pods are, or, before they have their nodes, where they may come to be} */
    public Set<String> inQuestion() {
        return ofPods.isEmpty() ? all : ofPods;
    }
}
