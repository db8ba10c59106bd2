package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.NodeSelectorTermBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PreferredSchedulingTerm;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** On which nodes pods may run: spot nodes as AKS labels and taints them, and regions as Kubernetes does. */
final class Placement {
    private static final String PRIORITY = "kubernetes.azure.com/scalesetpriority";
    private static final String SPOT = "spot";
    /** The most there is: data counts for more than how full a node is. */
    private static final int MOST_WEIGHT = 100;

    static final Toleration TOLERATES_SPOT = new TolerationBuilder()
            .withKey(PRIORITY)
            .withOperator("Equal")
            .withValue(SPOT)
            .withEffect("NoSchedule")
            .build();

    static final Affinity ON_SPOT = capacity("In");
    /** Also where a template tolerates the taint, or an administrator left it out. */
    static final Affinity NOT_ON_SPOT = capacity("NotIn");

    /** Who may use a pool is for its allowedNamespaces to say, and they are asked about {@code nodePool} alone. */
    private static final Affinity NOT_ON_POOLS =
            required(List.of(new NodeSelectorRequirement(PoolModel.NODE_POOL, "DoesNotExist", List.of())));

    private Placement() {}

    /** Puts back what a template took away: our tolerations, and the nodes that are ours to choose. */
    static void keep(PodSpec pod, PodSpec own) {
        pod.setTolerations(Stream.concat(own.getTolerations().stream(), pod.getTolerations().stream())
                .distinct()
                .toList());
        if (own.getAffinity() != null) {
            pod.setAffinity(and(pod.getAffinity(), own.getAffinity()));
        }
        if (PoolPlacement.isTolerated(pod) && !PoolPlacement.isTolerated(own)) {
            pod.setAffinity(and(pod.getAffinity(), NOT_ON_POOLS));
        }
    }

    /**
     * The same, near the data. Required is that no node is known to be elsewhere: one that does not say where it is may be right, and is
     * not refused.
     *
     * @param affinity null: none yet
     */
    static Affinity near(Affinity affinity, Optional<NearData> near) {
        return near.map(n -> {
                    var there = region("In", n.regions());
                    var ours = n.required()
                            ? required(List.of(there, region("DoesNotExist", List.of())))
                            : preferred(there);
                    return and(affinity, ours);
                })
                .orElse(affinity);
    }

    /** Terms are alternatives: one of ours has to hold in each. What we only prefer is added to what others do. */
    private static Affinity and(Affinity given, Affinity ours) {
        var theirs = given == null ? new Affinity() : given;
        var joined = new AffinityBuilder(theirs);
        if (!terms(ours).isEmpty()) {
            var terms = terms(theirs).isEmpty() ? List.of(new NodeSelectorTerm()) : terms(theirs);
            joined.editOrNewNodeAffinity()
                    .editOrNewRequiredDuringSchedulingIgnoredDuringExecution()
                    .withNodeSelectorTerms(
                            terms.stream().flatMap(t -> and(t, terms(ours))).toList())
                    .endRequiredDuringSchedulingIgnoredDuringExecution()
                    .endNodeAffinity();
        }
        if (!preferences(ours).isEmpty()) {
            joined.editOrNewNodeAffinity()
                    .withPreferredDuringSchedulingIgnoredDuringExecution(
                            Stream.concat(preferences(theirs).stream(), preferences(ours).stream())
                                    .distinct()
                                    .toList())
                    .endNodeAffinity();
        }
        return joined.build();
    }

    /** One that is ours already stays as it is. */
    private static Stream<NodeSelectorTerm> and(NodeSelectorTerm term, List<NodeSelectorTerm> ours) {
        return ours.stream().anyMatch(own -> term.getMatchExpressions().containsAll(own.getMatchExpressions()))
                ? Stream.of(term)
                : ours.stream().map(own -> with(term, own.getMatchExpressions()));
    }

    private static NodeSelectorTerm with(NodeSelectorTerm term, List<NodeSelectorRequirement> own) {
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

    private static List<PreferredSchedulingTerm> preferences(Affinity affinity) {
        return affinity.getNodeAffinity() == null
                ? List.of()
                : affinity.getNodeAffinity().getPreferredDuringSchedulingIgnoredDuringExecution();
    }

    private static NodeSelectorRequirement region(String operator, List<String> regions) {
        return new NodeSelectorRequirement(NearData.LABEL, operator, regions);
    }

    private static Affinity preferred(NodeSelectorRequirement requirement) {
        return new AffinityBuilder()
                .withNewNodeAffinity()
                .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                .withWeight(MOST_WEIGHT)
                .withNewPreference()
                .withMatchExpressions(requirement)
                .endPreference()
                .endPreferredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .build();
    }

    /** @param alternatives one of which has to hold */
    private static Affinity required(List<NodeSelectorRequirement> alternatives) {
        return new AffinityBuilder()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withNodeSelectorTerms(alternatives.stream()
                        .map(a -> new NodeSelectorTermBuilder()
                                .withMatchExpressions(a)
                                .build())
                        .toList())
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .build();
    }

    private static Affinity capacity(String operator) {
        return required(List.of(new NodeSelectorRequirement(PRIORITY, operator, List.of(SPOT))));
    }
}
