package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.JobNames;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.Mappers;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What makes a job be looked at: its runners, its cluster, what the cluster's scheduler says, and where its data is. */
final class JobSources extends AbstractEventSource<ClusterModel, PlanetaryJob>
        implements ResourceEventAware<PlanetaryJob> {
    private static final String BY_CLUSTER = "cluster";
    private static final String BY_RUNNER = "runner";

    private final ClusterBoard board;
    private final ProgressFeed progress;
    private final DataPlaces places;
    private final Consumer<String> forget;
    private IndexerResourceCache<PlanetaryJob> jobs;
    private InformerEventSource<PlanetaryCluster, PlanetaryJob> clusters;

    /** @param forget drops all that is remembered of a job's uid */
    JobSources(ClusterBoard board, ProgressFeed progress, DataPlaces places, Consumer<String> forget) {
        super(ClusterModel.class, "clusters' news");
        this.board = board;
        this.progress = progress;
        this.places = places;
        this.forget = forget;
    }

    List<EventSource<?, PlanetaryJob>> all(EventSourceContext<PlanetaryJob> context) {
        jobs = context.getPrimaryCache();
        jobs.addIndexers(Map.of(
                BY_CLUSTER,
                job -> List.of(key(JobNames.cluster(job), job)),
                BY_RUNNER,
                job -> job.statusOrNothing().isAttempt()
                        ? List.of(key(job.statusOrNothing().podName(), job))
                        : List.of()));
        clusters = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(PlanetaryCluster.class, PlanetaryJob.class)
                        .withSecondaryToPrimaryMapper(this::on)
                        .withPrimaryToSecondaryMapper((PlanetaryJob job) -> Set.of(new ResourceID(
                                JobNames.cluster(job), job.getMetadata().getNamespace())))
                        .withNamespacesInheritedFromController()
                        .withComparableResourceVersion(false)
                        .build(),
                context);
        var runners = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Pod.class, PlanetaryJob.class)
                        .withLabelSelector(Labels.OF_JOBS)
                        .withSecondaryToPrimaryMapper(Mappers.fromOwnerReferences(PlanetaryJob.class))
                        .withNamespacesInheritedFromController()
                        .withComparableResourceVersion(false)
                        .build(),
                context);
        board.read(model -> look(() -> on(model.cluster()).stream()));
        progress.subscribe((namespace, names) -> look(() -> names.stream()
                .flatMap(runner -> jobs.byIndex(BY_RUNNER, namespace + "/" + runner).stream())
                .map(ResourceID::fromResource)));
        places.read(whose -> look(() -> jobs.list(job -> !job.statusOrNothing().isFinal()
                        && job.getSpec().located().filter(whose).isPresent())
                .map(ResourceID::fromResource)));
        return List.of(clusters, runners, this);
    }

    Optional<PlanetaryCluster> cluster(ResourceID id) {
        return clusters.get(id);
    }

    @Override
    public Set<ClusterModel> getSecondaryResources(PlanetaryJob job) {
        return Set.of();
    }

    /** Deleted and made again while the watch was interrupted: it looks like an update, which the SDK would drop by its generation. */
    @Override
    public void onResourceUpdated(PlanetaryJob now, PlanetaryJob before) {
        if (!now.getMetadata().getUid().equals(before.getMetadata().getUid())) {
            forget.accept(before.getMetadata().getUid());
            look(() -> Stream.of(ResourceID.fromResource(now)));
        }
    }

    @Override
    public void onResourceDeleted(PlanetaryJob job) {
        forget.accept(job.getMetadata().getUid());
    }

    /** Clusters are served by a controller of its own. Before this one's jobs are there is nothing to ask, and a start looks at all. */
    private void look(Supplier<Stream<ResourceID>> which) {
        if (isRunning()) {
            which.get().forEach(job -> getEventHandler().handleEvent(new Event(job)));
        }
    }

    /** Finished ones want to hear of their own cluster only, which is to go; its event comes by its owner's name, too. */
    private Set<ResourceID> on(PlanetaryCluster cluster) {
        return jobs.byIndex(BY_CLUSTER, key(cluster.getMetadata().getName(), cluster)).stream()
                .filter(job -> !job.statusOrNothing().isFinal() || job.getSpec().clusterRef() == null)
                .map(ResourceID::fromResource)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static String key(String name, HasMetadata beside) {
        return beside.getMetadata().getNamespace() + "/" + name;
    }
}
