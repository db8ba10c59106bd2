package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.observe.EndingNodes;
import dev.planetary.observe.NodeRegions;
import dev.planetary.observe.ObservedPod;
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

/**
 * Nodes that announce their end, as events of the clusters that have pods there; and in which regions nodes are. Without the right to
 * watch nodes nothing is known.
 */
final class NodeEvents {
    private static final String BY_NODE = "node";

    private final boolean watched;
    private final RegionCount regions = new RegionCount();
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
                        .withItemStore(new BareNodes(regions))
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

    /** @param changed run when nodes come to be in a region where none was, or the last one of it goes */
    void onRegions(Runnable changed) {
        regions.onChange(changed);
    }

    /** In which regions the nodes of these pods are, as far as pods have nodes. */
    Set<String> regions(List<ObservedPod> pods) {
        return nodes.map(source -> pods.stream()
                        .filter(ObservedPod::live)
                        .flatMap(pod -> node(pod.pod()).stream())
                        .map(name -> source.get(new ResourceID(name))
                                .map(NodeRegions::of)
                                .orElse(NodeRegions.NONE))
                        .collect(Collectors.toUnmodifiableSet()))
                .orElse(Set.of());
    }

    /** The same, beside those of all nodes. */
    NodeRegions among(Set<String> ofPods) {
        return new NodeRegions(nodes.isPresent(), regions.regions(), ofPods);
    }

    /** Sources start at once. Before the pods' has there is nothing to ask, and every cluster is looked at when all have. */
    private static Set<ResourceID> clusters(InformerEventSource<Pod, PlanetaryCluster> pods, Node node) {
        if (!pods.isRunning()) {
            return Set.of();
        }
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
        private final RegionCount regions;

        BareNodes(RegionCount regions) {
            super(Cache::metaNamespaceKeyFunc);
            this.regions = regions;
        }

        @Override
        public Node put(String key, Node node) {
            var bare = EndingNodes.bare(node);
            var before = super.put(key, bare);
            regions.note(Optional.ofNullable(before), Optional.of(bare));
            return before;
        }

        @Override
        public Node remove(String key) {
            var before = super.remove(key);
            regions.note(Optional.ofNullable(before), Optional.empty());
            return before;
        }
    }
}
