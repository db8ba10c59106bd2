package dev.planetary.observe;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * That a node announces its end.
 *
 * @param taint what a pod must tolerate to stay all the same
 * @param words for people
 */
record NodeEnd(Optional<Taint> taint, String words) {
    private static final String CORDON = "node.kubernetes.io/unschedulable";
    private static final Set<String> TAINTS = Set.of(
            // AKS: Azure is about to take the node back, or to move it.
            "remediator.kubernetes.azure.com/unschedulable",
            "node.kubernetes.io/out-of-service",
            // Cluster autoscaler and Karpenter (AKS node autoprovisioning): it is empty enough to go.
            "ToBeDeletedByClusterAutoscaler",
            "karpenter.sh/disrupted");

    static List<NodeEnd> of(Node node) {
        var ends = new ArrayList<NodeEnd>();
        if (node.getMetadata().getDeletionTimestamp() != null) {
            ends.add(new NodeEnd(Optional.empty(), "is being deleted"));
        }
        var spec = node.getSpec();
        if (spec == null) {
            return ends;
        }
        spec.getTaints().stream()
                // A preference only: pods may still be put there.
                .filter(t -> TAINTS.contains(t.getKey()) && !"PreferNoSchedule".equals(t.getEffect()))
                .map(t -> new NodeEnd(Optional.of(t), "has the taint " + t.getKey()))
                .forEach(ends::add);
        if (Boolean.TRUE.equals(spec.getUnschedulable())) {
            ends.add(new NodeEnd(
                    Optional.of(new TaintBuilder()
                            .withKey(CORDON)
                            .withEffect("NoSchedule")
                            .build()),
                    "is cordoned"));
        }
        return List.copyOf(ends);
    }

    /** Why a pod should leave a node; a pod that tolerates all of it would only be put there again, and stays. */
    static Optional<String> of(Node node, Pod pod) {
        var tolerations =
                pod.getSpec() == null ? List.<Toleration>of() : pod.getSpec().getTolerations();
        return of(node).stream()
                .filter(end ->
                        end.taint.isEmpty() || tolerations.stream().noneMatch(t -> tolerates(t, end.taint.get())))
                .map(end -> "node " + node.getMetadata().getName() + " " + end.words)
                .findFirst();
    }

    private static boolean tolerates(Toleration toleration, Taint taint) {
        var exists = "Exists".equals(toleration.getOperator());
        var key = toleration.getKey() == null || toleration.getKey().isEmpty() ? "" : toleration.getKey();
        var effect = toleration.getEffect() == null ? "" : toleration.getEffect();
        return (key.isEmpty() ? exists : key.equals(taint.getKey()))
                && (effect.isEmpty() || effect.equals(taint.getEffect()))
                && (exists || text(toleration.getValue()).equals(text(taint.getValue())));
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }
}
