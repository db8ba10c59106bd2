package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.desired.Labels;
import dev.planetary.status.ClusterStatus;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.javaoperatorsdk.operator.api.config.informer.Informer;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.Mappers;
import io.quarkus.arc.lookup.LookupIfProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes a PlanetaryCluster what its spec says. Level-triggered: every {@link ClusterPass} looks at all there is and may be cut off
 * anywhere.
 *
 * <p>{@code comparableResourceVersions = false}: with it JOSDK 5.3 can lose somebody else's change that arrives during our own write.
 */
@LookupIfProperty(name = "planetary.role", stringValue = "operator", lookupIfMissing = true)
@ControllerConfiguration(
        name = PlanetaryClusterReconciler.NAME,
        generationAwareEventProcessing = false,
        informer = @Informer(comparableResourceVersions = false, onUpdateFilter = Asked.class),
        retry = ForEver.class,
        maxReconciliationInterval = @MaxReconciliationInterval(interval = 5, timeUnit = TimeUnit.MINUTES))
public final class PlanetaryClusterReconciler implements Reconciler<PlanetaryCluster> {
    static final String NAME = "planetarycluster";
    private final ClusterParts parts;
    private final ClusterPass pass;

    PlanetaryClusterReconciler(ClusterParts parts) {
        this.parts = parts;
        this.pass = new ClusterPass(parts);
    }

    @Override
    public List<EventSource<?, PlanetaryCluster>> prepareEventSources(EventSourceContext<PlanetaryCluster> context) {
        parts.telemetry().follow(() -> context.getPrimaryCache().list());
        var pods = owned(Pod.class, context);
        var sources = new ArrayList<EventSource<?, PlanetaryCluster>>(List.of(
                pods,
                owned(Service.class, context),
                owned(NetworkPolicy.class, context),
                owned(PodDisruptionBudget.class, context),
                owned(ConfigMap.class, context),
                owned(ControllerRevision.class, context),
                parts.schedulerEvents(),
                parts.dataEvents().among(context),
                parts.shares().among(pods, context)));
        sources.addAll(ClusterJobs.sources(context));
        sources.addAll(parts.nodePools().sources(context));
        sources.addAll(parts.nodeEvents().sources(pods, context));
        return List.copyOf(sources);
    }

    @Override
    public UpdateControl<PlanetaryCluster> reconcile(PlanetaryCluster cached, Context<PlanetaryCluster> context) {
        var cluster = parts.statuses().freshest(cached);
        if (cluster.getMetadata().getDeletionTimestamp() != null) {
            parts.shares().leaves(cluster);
            return UpdateControl.noUpdate();
        }
        try {
            return Again.in(pass.run(cluster, context));
        } catch (RuntimeException e) {
            // Retried without end; users are told meanwhile, and not left with a status of before.
            parts.statuses()
                    .write(
                            cluster,
                            ClusterStatus.error(cluster, e, parts.clock().instant()));
            throw e;
        }
    }

    private static <R extends HasMetadata> InformerEventSource<R, PlanetaryCluster> owned(
            Class<R> kind, EventSourceContext<PlanetaryCluster> context) {
        return new InformerEventSource<>(
                InformerEventSourceConfiguration.from(kind, PlanetaryCluster.class)
                        .withLabelSelector(Labels.SELECTOR)
                        .withSecondaryToPrimaryMapper(Mappers.fromOwnerReferences(PlanetaryCluster.class))
                        .withNamespacesInheritedFromController()
                        .withComparableResourceVersion(false)
                        .build(),
                context);
    }
}
