package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.desired.JobNames;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ClusterJob;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.util.List;
import java.util.Set;

/** Jobs as events of the clusters they are on: a job keeps its cluster from being idle, starts a stopped one, or ends it. */
final class ClusterJobs {
    private ClusterJobs() {}

    /**
     * One for each namespace that is watched: the SDK would give one store to the informers of all, and each list of one namespace
     * would drop the jobs of all others from it.
     */
    static List<EventSource<?, PlanetaryCluster>> sources(EventSourceContext<PlanetaryCluster> context) {
        return context.getControllerConfiguration().getEffectiveNamespaces().stream()
                .<EventSource<?, PlanetaryCluster>>map(namespace -> source(namespace, context))
                .toList();
    }

    private static EventSource<?, PlanetaryCluster> source(
            String namespace, EventSourceContext<PlanetaryCluster> context) {
        return new InformerEventSource<>(
                InformerEventSourceConfiguration.from(PlanetaryJob.class, PlanetaryCluster.class)
                        .withSecondaryToPrimaryMapper((PlanetaryJob job) -> Set.of(new ResourceID(
                                JobNames.cluster(job), job.getMetadata().getNamespace())))
                        .withName("jobs-" + namespace)
                        .withNamespaces(namespace)
                        .withItemStore(new WithoutPrograms())
                        .withOnUpdateFilter((now, before) -> !ClusterJob.of(now).equals(ClusterJob.of(before)))
                        .withComparableResourceVersion(false)
                        .build(),
                context);
    }

    static List<ClusterJob> on(PlanetaryCluster cluster, Context<PlanetaryCluster> context) {
        return context.getSecondaryResources(PlanetaryJob.class).stream()
                .filter(job -> job.getMetadata().getDeletionTimestamp() == null)
                .filter(job -> isOn(cluster, job))
                .map(ClusterJob::of)
                .toList();
    }

    /** A job with a cluster of its own is on that one only if it owns it, whoever's name it bears. */
    static boolean isOn(PlanetaryCluster cluster, PlanetaryJob job) {
        return JobNames.cluster(job).equals(cluster.getMetadata().getName())
                && (job.getSpec().clusterRef() != null || Labels.owns(job, cluster));
    }

    /** Scripts and clusters' specs are not looked at here. */
    private static final class WithoutPrograms extends BasicItemStore<PlanetaryJob> {
        WithoutPrograms() {
            super(Cache::metaNamespaceKeyFunc);
        }

        @Override
        public PlanetaryJob put(String key, PlanetaryJob job) {
            return super.put(key, BareJobs.bare(job));
        }
    }
}
