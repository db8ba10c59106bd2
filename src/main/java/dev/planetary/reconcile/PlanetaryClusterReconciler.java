package dev.planetary.reconcile;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.apply.EventRecorder;
import dev.planetary.apply.StatusWriter;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import dev.planetary.plan.ClusterPlan;
import dev.planetary.status.ClusterStatus;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
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
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Makes a PlanetaryCluster what its spec says. Level-triggered: every pass looks at all there is and may be cut off anywhere.
 *
 * <p>{@code comparableResourceVersions = false}: with it JOSDK 5.3 can lose somebody else's change that arrives during our own write.
 */
@ControllerConfiguration(
        name = PlanetaryClusterReconciler.NAME,
        informer = @Informer(comparableResourceVersions = false),
        retry = ForEver.class,
        maxReconciliationInterval = @MaxReconciliationInterval(interval = 5, timeUnit = TimeUnit.MINUTES))
public final class PlanetaryClusterReconciler implements Reconciler<PlanetaryCluster> {
    static final String NAME = "planetarycluster";
    private static final Duration SCHEDULER_ANSWERS_WITHIN = Duration.ofSeconds(11);

    private final ClusterParts parts;

    PlanetaryClusterReconciler(ClusterParts parts) {
        this.parts = parts;
    }

    @Override
    public List<EventSource<?, PlanetaryCluster>> prepareEventSources(EventSourceContext<PlanetaryCluster> context) {
        return List.of(owned(Pod.class, context), owned(Service.class, context), owned(ConfigMap.class, context),
                owned(ControllerRevision.class, context), parts.schedulerEvents());
    }

    @Override
    public UpdateControl<PlanetaryCluster> reconcile(PlanetaryCluster cached, Context<PlanetaryCluster> context) {
        var cluster = parts.statuses().freshest(cached);
        if (cluster.getMetadata().getDeletionTimestamp() != null) {
            return UpdateControl.noUpdate();
        }
        var seen = parts.observer().observe(cluster, context);
        var decision = parts.acceptance().decide(seen, parts.preloads().hash(), parts.trustedCa().bundle().isPresent());
        var model = new ClusterModel(cluster, decision.inForce(), parts.preloads().hash(), parts.trustedCa().bundle().isPresent());

        var findings = new ArrayList<>(decision.refused().stream().toList());
        // Refused without an earlier spec to fall back on: there is nothing to act on.
        Optional<Instant> recheck = decision.refused().isPresent() && seen.latest().isEmpty() ? Optional.empty() : act(seen, model, findings);

        // Before the second look, so that it shows since when the scheduler has been asked.
        followScheduler(seen, model);
        var after = parts.observer().observe(cluster, context);
        var status = ClusterStatus.of(after, model, findings);
        announce(cluster, status);
        var putOff = parts.statuses().write(cluster, status).map(after.now()::plus);
        return again(Stream.of(recheck, putOff, parts.attempts().next(uid(seen)), silence(after)).flatMap(Optional::stream), after.now());
    }

    /** Lays the ground and carries out the plan, unless what stood in the way a moment ago still does. */
    private Optional<Instant> act(ClusterObservation seen, ClusterModel model, List<Finding> findings) {
        var generation = seen.cluster().getMetadata().getGeneration();
        var standing = parts.attempts().standing(uid(seen), generation);
        if (!standing.isEmpty()) {
            findings.addAll(standing);
            return Optional.empty();
        }
        var blocked = parts.groundwork().lay(seen, model);
        Optional<Instant> recheck = Optional.empty();
        if (blocked.isEmpty()) {
            var plan = ClusterPlan.of(seen, model);
            blocked = parts.executor().carryOut(seen.cluster(), plan, endpoint(seen, model), model.accepted().pods().workers().drain());
            parts.groundwork().clear(seen, model);
            recheck = plan.recheck();
        }
        parts.attempts().note(uid(seen), generation, blocked);
        findings.addAll(blocked);
        return recheck;
    }

    private void followScheduler(ClusterObservation seen, ClusterModel model) {
        endpoint(seen, model).ifPresentOrElse(endpoint -> parts.schedulerEvents().follow(seen.cluster(), endpoint),
                () -> parts.watch().forget(uid(seen)));
    }

    private Optional<SchedulerEndpoint> endpoint(ClusterObservation seen, ClusterModel model) {
        return seen.scheduler().filter(ObservedPod::ready).flatMap(pod -> pod.ip().flatMap(ip -> parts.identities().of(model)
                .map(identity -> new SchedulerEndpoint(uid(seen), pod.uid(), ip, ClusterModel.HTTP_PORT, identity.caPem(), identity.token()))));
    }

    /** Users are told when it became ready, and when something keeps it from being so; not of every step in between. */
    private void announce(PlanetaryCluster cluster, PlanetaryClusterStatus status) {
        var before = cluster.getStatus() == null ? Optional.<Condition>empty() : cluster.getStatus().condition(Condition.READY);
        var ready = status.condition(Condition.READY).orElseThrow();
        if (before.filter(b -> b.status() == ready.status() && b.reason().equals(ready.reason())).isPresent()) {
            return;
        }
        if (ready.status() == Condition.Status.True) {
            parts.events().normal(cluster, "Ready", ready.message());
        } else if (status.condition(Condition.STALLED).isPresent() || ready.message().contains(";")) {
            parts.events().warning(cluster, ready.reason(), ready.message());
        }
    }

    /** A scheduler that stays silent is told of when patience ends, event or not. */
    private Optional<Instant> silence(ClusterObservation seen) {
        return seen.silentSince().map(since -> since.plus(SCHEDULER_ANSWERS_WITHIN)).filter(seen.now()::isBefore);
    }

    private static UpdateControl<PlanetaryCluster> again(Stream<Instant> times, Instant now) {
        UpdateControl<PlanetaryCluster> control = UpdateControl.noUpdate();
        return times.min(Instant::compareTo)
                .map(at -> control.rescheduleAfter(Math.max(10, Duration.between(now, at).toMillis())))
                .orElse(control);
    }

    private static <R extends HasMetadata> EventSource<R, PlanetaryCluster> owned(Class<R> kind, EventSourceContext<PlanetaryCluster> context) {
        return new InformerEventSource<>(InformerEventSourceConfiguration.from(kind, PlanetaryCluster.class)
                .withLabelSelector(Labels.SELECTOR)
                .withSecondaryToPrimaryMapper(Mappers.fromOwnerReferences(PlanetaryCluster.class))
                .withNamespacesInheritedFromController()
                .withComparableResourceVersion(false)
                .build(), context);
    }

    private static String uid(ClusterObservation seen) {
        return seen.cluster().getMetadata().getUid();
    }
}
