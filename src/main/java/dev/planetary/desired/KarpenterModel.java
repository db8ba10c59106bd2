package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.PoolShape;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * From a PlanetaryNodePool of mode Karpenter to the two objects that AKS's node auto-provisioning makes machines from: nodes get the same
 * labels and taints as those of an agent pool.
 */
public final class KarpenterModel {
    public static final String NODE_POOL = "NodePool";
    public static final String NODE_CLASS = "AKSNodeClass";
    /** Label with the uid of the object that it was made for. */
    public static final String OWNER = PlanetaryCluster.GROUP + "/node-pool-uid";

    private static final String GROUP_OF_CLASS = "karpenter.azure.com";
    private static final String PRIORITY = "kubernetes.azure.com/scalesetpriority";
    /** As an agent pool's, which AKS taints itself. */
    private static final String SPOT_TAINT = PRIORITY + "=spot:NoSchedule";
    /** As AKS's cluster autoscaler. Nodes with workers are left alone: they would not be cheaper elsewhere. */
    private static final Map<String, Object> DISRUPTION =
            Map.of("consolidationPolicy", "WhenEmpty", "consolidateAfter", "10m");

    private KarpenterModel() {}

    /** Of the object, not of its spec: Karpenter replaces machines that have come to differ from it by itself. */
    public static String name(PlanetaryNodePool pool) {
        return "np" + Json.hash(pool.getMetadata().getUid());
    }

    public static GenericKubernetesResource nodeClass(PlanetaryNodePool pool) {
        var spec = new TreeMap<String, Object>();
        if (pool.getSpec().osDiskSizeGB() != null) {
            spec.put("osDiskSizeGB", pool.getSpec().osDiskSizeGB());
        }
        spec.put("tags", PoolModel.of(pool).tags());
        return object(pool, GROUP_OF_CLASS + "/v1beta1", NODE_CLASS, spec);
    }

    public static GenericKubernetesResource nodePool(PlanetaryNodePool pool) {
        var shape = PoolModel.of(pool);
        var template = Map.of(
                "metadata", Map.of("labels", labels(shape)),
                "spec",
                        Map.of(
                                "nodeClassRef",
                                Map.of("group", GROUP_OF_CLASS, "kind", NODE_CLASS, "name", name(pool)),
                                "requirements",
                                List.of(
                                        oneOf("node.kubernetes.io/instance-type", shape.vmSize()),
                                        oneOf("karpenter.sh/capacity-type", shape.spot() ? "spot" : "on-demand")),
                                "taints",
                                taints(shape),
                                // A node goes when nothing is on it, not at some age.
                                "expireAfter",
                                "Never"));
        return object(
                pool,
                "karpenter.sh/v1",
                NODE_POOL,
                Map.of(
                        "limits", Map.of("nodes", String.valueOf(shape.max())),
                        "disruption", DISRUPTION,
                        "template", template));
    }

    /** Whether what is there has to be changed for it to be as wanted. What others added is theirs. */
    public static boolean differs(GenericKubernetesResource wanted, GenericKubernetesResource present) {
        return !wanted.getMetadata()
                        .getAnnotations()
                        .equals(Optional.ofNullable(present.getMetadata().getAnnotations())
                                .map(all -> Map.of(Labels.SPEC_HASH, all.getOrDefault(Labels.SPEC_HASH, "")))
                                .orElse(Map.of()))
                || !holds(Json.map(wanted).get("spec"), Json.map(present).get("spec"));
    }

    public static boolean belongsTo(HasMetadata object, PlanetaryNodePool pool) {
        var labels = object.getMetadata().getLabels();
        return labels != null && pool.getMetadata().getUid().equals(labels.get(OWNER));
    }

    private static boolean holds(Object wanted, Object present) {
        if (wanted instanceof Map<?, ?> some && present instanceof Map<?, ?> all) {
            return some.entrySet().stream().allMatch(e -> holds(e.getValue(), all.get(e.getKey())));
        }
        if (wanted instanceof List<?> some && present instanceof List<?> all) {
            return some.size() == all.size()
                    && IntStream.range(0, some.size()).allMatch(i -> holds(some.get(i), all.get(i)));
        }
        return wanted.equals(present);
    }

    private static Map<String, String> labels(PoolShape shape) {
        var labels = new TreeMap<>(shape.labels());
        if (shape.spot()) {
            labels.put(PRIORITY, "spot");
        }
        return labels;
    }

    private static List<Map<String, String>> taints(PoolShape shape) {
        var taints = new ArrayList<>(shape.taints());
        if (shape.spot()) {
            taints.add(SPOT_TAINT);
        }
        return taints.stream().map(KarpenterModel::taint).toList();
    }

    private static Map<String, String> taint(String inAzure) {
        var words = inAzure.split("[=:]");
        var taint = new TreeMap<>(Map.of("key", words[0], "effect", words[2]));
        if (!words[1].isEmpty()) {
            taint.put("value", words[1]);
        }
        return taint;
    }

    private static Map<String, Object> oneOf(String label, String value) {
        return Map.of("key", label, "operator", "In", "values", List.of(value));
    }

    private static GenericKubernetesResource object(
            PlanetaryNodePool pool, String apiVersion, String kind, Map<String, Object> spec) {
        var object = new GenericKubernetesResource();
        object.setApiVersion(apiVersion);
        object.setKind(kind);
        object.setMetadata(new ObjectMetaBuilder()
                .withName(name(pool))
                .addToLabels(Labels.MANAGED_BY, Labels.OPERATOR)
                .addToLabels(PoolModel.NODE_POOL, pool.getMetadata().getName())
                .addToLabels(OWNER, pool.getMetadata().getUid())
                // So that also what is no longer wanted is seen.
                .addToAnnotations(Labels.SPEC_HASH, Json.hash(spec))
                .build());
        object.setAdditionalProperty("spec", spec);
        return object;
    }
}
