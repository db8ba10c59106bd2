package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.NodeSelectorTermBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import java.util.List;
import java.util.stream.Stream;

/** On which nodes pods may run: spot nodes as AKS labels and taints them. */
final class Placement {
    private static final String PRIORITY = "kubernetes.azure.com/scalesetpriority";
    private static final String SPOT = "spot";

    static final Toleration TOLERATES_SPOT = new TolerationBuilder()
            .withKey(PRIORITY)
            .withOperator("Equal")
            .withValue(SPOT)
            .withEffect("NoSchedule")
            .build();

    static final Affinity ON_SPOT = required("In");
    /** Also where a template tolerates the taint, or an administrator left it out. */
    static final Affinity NOT_ON_SPOT = required("NotIn");

    private Placement() {}

    /** Puts back what a template took away: our tolerations, and the nodes that are ours to choose. */
    static void keep(PodSpec pod, PodSpec own) {
        pod.setTolerations(Stream.concat(own.getTolerations().stream(), pod.getTolerations().stream())
                .distinct()
                .toList());
        if (own.getAffinity() != null) {
            pod.setAffinity(and(pod.getAffinity() == null ? new Affinity() : pod.getAffinity(), own.getAffinity()));
        }
    }

    /** Terms are alternatives: ours has to hold in each. */
    private static Affinity and(Affinity theirs, Affinity ours) {
        var own = terms(ours).getFirst().getMatchExpressions();
        var terms = terms(theirs).isEmpty() ? List.of(new NodeSelectorTerm()) : terms(theirs);
        return new AffinityBuilder(theirs)
                .editOrNewNodeAffinity()
                .editOrNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withNodeSelectorTerms(terms.stream().map(t -> and(t, own)).toList())
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .build();
    }

    private static NodeSelectorTerm and(NodeSelectorTerm term, List<NodeSelectorRequirement> own) {
        return new NodeSelectorTermBuilder(term)
                .withMatchExpressions(Stream.concat(own.stream(), term.getMatchExpressions().stream())
                        .distinct()
                        .toList())
                .build();
    }

    private static List<NodeSelectorTerm> terms(Affinity affinity) {
        var nodes = affinity.getNodeAffinity();
        return nodes == null || nodes.getRequiredDuringSchedulingIgnoredDuringExecution() == null
                ? List.of()
                : nodes.getRequiredDuringSchedulingIgnoredDuringExecution().getNodeSelectorTerms();
    }

    private static Affinity required(String operator) {
        return new AffinityBuilder()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addNewMatchExpression()
                .withKey(PRIORITY)
                .withOperator(operator)
                .withValues(SPOT)
                .endMatchExpression()
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .build();
    }
}
