package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.observe.EndingNodes;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.Mappers;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Nodes that announce their end, as events of the clusters that have pods there. Without the right to watch nodes there are none. */
final class NodeEvents {
    private static final String BY_NODE = "node";

    private final boolean watched;
    private Optional<InformerEventSource<Node, PlanetaryCluster>> nodes = Optional.empty();

    NodeEvents(boolean watched) {
        this.watched = watched;
    }

    /** @param pods all clusters' pods, not started yet */
    List<EventSource<?, PlanetaryCluster>> sources(
            InformerEventSource<Pod, PlanetaryCluster> pods, EventSourceContext<PlanetaryCluster> context) {
        if (!watched) {
            return List.of();
        }
        pods.addIndexers(Map.of(BY_NODE, NodeEvents::node));
        var source = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Node.class, PlanetaryCluster.class)
                        .withSecondaryToPrimaryMapper((Node node) -> clusters(pods, node))
                        .withWatchAllNamespaces()
                        .withItemStore(new BareNodes())
                        .withOnAddFilter(EndingNodes::announcesEnd)
                        .withOnUpdateFilter((now, before) -> !EndingNodes.sayTheSame(now, before))
                        // Its pods are deleted by Kubernetes, and their own events tell.
                        .withOnDeleteFilter((_, _) -> false)
                        .withComparableResourceVersion(false)
                        .build(),
                context);
        nodes = Optional.of(source);
        return List.of(source);
    }

    /** Why a pod should leave its node, if it should. */
    Optional<String> leaves(Pod pod) {
        return nodes.flatMap(source -> EndingNodes.leaves(pod, name -> source.get(new ResourceID(name))));
    }

    private static Set<ResourceID> clusters(InformerEventSource<Pod, PlanetaryCluster> pods, Node node) {
        var owner = Mappers.<Pod>fromOwnerReferences(PlanetaryCluster.class);
        return pods.byIndex(BY_NODE, node.getMetadata().getName()).stream()
                .flatMap(pod -> owner.toPrimaryResourceIDs(pod).stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    private static List<String> node(Pod pod) {
        return pod.getSpec() == null || pod.getSpec().getNodeName() == null
                ? List.of()
                : List.of(pod.getSpec().getNodeName());
    }

    private static final class BareNodes extends BasicItemStore<Node> {
        BareNodes() {
            super(Cache::metaNamespaceKeyFunc);
        }

        @Override
        public Node put(String key, Node node) {
            return super.put(key, EndingNodes.bare(node));
        }
    }
}
