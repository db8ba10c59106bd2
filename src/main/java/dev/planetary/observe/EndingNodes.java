package dev.planetary.observe;

import dev.planetary.desired.NearData;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeSpecBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** What nodes say of their end. */
public final class EndingNodes {
    private EndingNodes() {}

    /** Why a pod should leave its node, if it should. */
    public static Optional<String> leaves(Pod pod, Function<String, Optional<Node>> nodes) {
        return Optional.ofNullable(pod.getSpec())
                .map(s -> s.getNodeName())
                .flatMap(nodes)
                .flatMap(node -> NodeEnd.of(node, pod));
    }

    public static boolean announcesEnd(Node node) {
        return !NodeEnd.of(node).isEmpty();
    }

    /** Nodes are touched often, by heartbeats above all; only this counts, and where they are. */
    public static boolean sayTheSame(Node a, Node b) {
        return NodeEnd.of(a).equals(NodeEnd.of(b)) && NodeRegions.of(a).equals(NodeRegions.of(b));
    }

    /** What is kept of a node: a large cluster has thousands, and each lists its images. */
    public static Node bare(Node node) {
        var meta = node.getMetadata();
        return new NodeBuilder()
                .withNewMetadata()
                .withName(meta.getName())
                .withUid(meta.getUid())
                .withResourceVersion(meta.getResourceVersion())
                .withDeletionTimestamp(meta.getDeletionTimestamp())
                .withLabels(
                        NodeRegions.of(node).equals(NodeRegions.NONE)
                                ? null
                                : Map.of(NearData.LABEL, NodeRegions.of(node)))
                .endMetadata()
                .withSpec(
                        node.getSpec() == null
                                ? null
                                : new NodeSpecBuilder()
                                        .withTaints(node.getSpec().getTaints())
                                        .withUnschedulable(node.getSpec().getUnschedulable())
                                        .build())
                .build();
    }
}
