package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirementBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.NodeSelectorTermBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import java.util.List;

/** Nodes of a PlanetaryNodePool: they have its name as a label, and as a taint that keeps all others off. */
final class PoolPlacement {
    private PoolPlacement() {}

    /** @param role with the affinity to spot nodes, if any: a node has to be of the pool besides */
    static void on(PodSpecBuilder role, String pool) {
        role.addToTolerations(new TolerationBuilder()
                .withKey(PoolModel.NODE_POOL)
                .withOperator("Equal")
                .withValue(pool)
                .withEffect("NoSchedule")
                .build());
        var required = role.editOrNewAffinity()
                .editOrNewNodeAffinity()
                .editOrNewRequiredDuringSchedulingIgnoredDuringExecution();
        var terms = required.buildNodeSelectorTerms();
        required.withNodeSelectorTerms((terms.isEmpty() ? List.of(new NodeSelectorTerm()) : terms)
                        .stream().map(term -> with(term, ofPool(pool))).toList())
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity();
    }

    /** Whether the taint of a pool keeps it off: a toleration without a key is one of everything. */
    static boolean isTolerated(PodSpec pod) {
        return pod.getTolerations().stream()
                .map(Toleration::getKey)
                .anyMatch(key -> key == null || key.isEmpty() || key.equals(PoolModel.NODE_POOL));
    }

    private static NodeSelectorTerm with(NodeSelectorTerm term, NodeSelectorRequirement requirement) {
        return new NodeSelectorTermBuilder(term)
                .addToMatchExpressions(requirement)
                .build();
    }

    private static NodeSelectorRequirement ofPool(String pool) {
        return new NodeSelectorRequirementBuilder()
                .withKey(PoolModel.NODE_POOL)
                .withOperator("In")
                .withValues(pool)
                .build();
    }
}
