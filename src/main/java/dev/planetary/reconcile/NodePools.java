package dev.planetary.reconcile;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.WorkersSpec;
import dev.planetary.desired.ClusterModel;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import dev.planetary.status.Finding;
import dev.planetary.validate.PoolUse;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The node pools that clusters name: whether they may use them, and what they wait for there. Without the right to see them, none. */
final class NodePools {
    private static final String BY_POOL = "node-pool";
    /** Labels of namespaces decide who may use a pool; they are read one by one, and not at every look. */
    private static final Duration REMEMBERED = Duration.ofMinutes(1);

    private record Labels(Map<String, String> labels, Instant at) {}

    private final ConcurrentMap<String, Labels> namespaces = new ConcurrentHashMap<>();
    private final KubernetesClient client;
    private final boolean watched;
    private final Clock clock;
    private Optional<InformerEventSource<PlanetaryNodePool, PlanetaryCluster>> pools = Optional.empty();

    /** @param watched whether there is a right to see them */
    NodePools(KubernetesClient client, boolean watched, Clock clock) {
        this.client = client;
        this.watched = watched;
        this.clock = clock;
    }

    List<EventSource<?, PlanetaryCluster>> sources(EventSourceContext<PlanetaryCluster> context) {
        if (!watched) {
            return List.of();
        }
        var clusters = context.getPrimaryCache();
        clusters.addIndexers(Map.of(BY_POOL, NodePools::named));
        var source = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(PlanetaryNodePool.class, PlanetaryCluster.class)
                        .withSecondaryToPrimaryMapper((PlanetaryNodePool pool) ->
                                clusters.byIndex(BY_POOL, pool.getMetadata().getName()).stream()
                                        .map(ResourceID::fromResource)
                                        .collect(Collectors.toUnmodifiableSet()))
                        .withPrimaryToSecondaryMapper((PlanetaryCluster cluster) ->
                                named(cluster).stream().map(ResourceID::new).collect(Collectors.toUnmodifiableSet()))
                        .withWatchAllNamespaces()
                        .withOnUpdateFilter((now, before) -> !sayTheSame(now, before))
                        .withComparableResourceVersion(false)
                        .build(),
                context);
        pools = Optional.of(source);
        return List.of(source);
    }

    /** What keeps workers from being made, by group. */
    Map<String, Finding> findings(ClusterModel model) {
        var findings = new LinkedHashMap<String, Finding>();
        groups(model).forEach(e -> check(e.getValue(), model).ifPresent(f -> findings.put(e.getKey(), f)));
        return findings;
    }

    /** When the labels that keep a cluster off a pool are read anew: no event tells of a namespace. */
    Optional<Instant> readAgain(ClusterModel model, Map<String, Finding> findings) {
        return findings.values().stream().anyMatch(f -> f.reason().equals(PoolUse.NOT_ALLOWED))
                ? Optional.ofNullable(namespaces.get(model.namespace())).map(labels -> labels.at.plus(REMEMBERED))
                : Optional.empty();
    }

    private Optional<Finding> check(WorkersSpec group, ClusterModel model) {
        return watched
                ? PoolUse.check(group, pool(group), model.namespace(), labels(model.namespace()))
                : Optional.of(PoolUse.unseen(group.nodePool()));
    }

    /** Which workers wait for which pool, and for what. */
    Optional<String> awaited(ClusterObservation seen, ClusterModel model) {
        var words = groups(model)
                .map(e -> pool(e.getValue()).flatMap(pool -> awaited(seen, e.getKey(), pool)))
                .flatMap(Optional::stream)
                .toList();
        return words.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", words));
    }

    private static Optional<String> awaited(ClusterObservation seen, String group, PlanetaryNodePool pool) {
        var waiting = seen.workers(group).stream().filter(ObservedPod::unplaced).count();
        return waiting == 0 ? Optional.empty() : Optional.of(PoolUse.awaited(group, waiting, pool));
    }

    private static Stream<Map.Entry<String, WorkersSpec>> groups(ClusterModel model) {
        return model.accepted().pods().groups().entrySet().stream()
                .filter(e -> e.getValue().nodePool() != null);
    }

    private Optional<PlanetaryNodePool> pool(WorkersSpec group) {
        return pools.flatMap(source -> source.get(new ResourceID(group.nodePool())));
    }

    private Map<String, String> labels(String namespace) {
        return namespaces.compute(
                        namespace,
                        (_, known) -> known != null && clock.instant().isBefore(known.at.plus(REMEMBERED))
                                ? known
                                : new Labels(read(namespace), clock.instant()))
                .labels;
    }

    private Map<String, String> read(String namespace) {
        return Optional.ofNullable(client.namespaces().withName(namespace).get())
                .map(found -> found.getMetadata().getLabels())
                .orElse(Map.of());
    }

    private static List<String> named(PlanetaryCluster cluster) {
        return cluster.specOrDefault().groups().values().stream()
                .map(WorkersSpec::nodePool)
                .filter(Objects::nonNull)
                .distinct()
                .toList();
    }

    private static boolean sayTheSame(PlanetaryNodePool now, PlanetaryNodePool before) {
        return now.getMetadata().getGeneration().equals(before.getMetadata().getGeneration())
                && Objects.equals(
                        now.statusOrNothing().nodes(), before.statusOrNothing().nodes())
                && message(now).equals(message(before));
    }

    private static Optional<String> message(PlanetaryNodePool pool) {
        return pool.statusOrNothing().condition(Condition.READY).map(Condition::message);
    }
}
