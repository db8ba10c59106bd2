package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.apply.RecentWrites;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.SchedulerWatch;
import dev.planetary.dask.WorkerState;
import dev.planetary.desired.AcceptedSpec;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.time.Clock;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Gathers what there is to know of a cluster, from caches and from what was just written; never acts, never asks the API server. */
final class Observer {
    private static final int REMEMBERED = 1000;

    private final RecentWrites recent;
    private final SchedulerWatch watch;
    private final NodeEvents nodes;
    private final DataEvents data;
    private final Calm calm;
    private final Clock clock;
    /** By the revision's uid; it never changes, and reading it is the dearest part of a look. The least used go. */
    private final Map<String, AcceptedSpec> accepted =
            Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, AcceptedSpec> eldest) {
                    return size() > REMEMBERED;
                }
            });

    Observer(RecentWrites recent, SchedulerWatch watch, NodeEvents nodes, DataEvents data, Calm calm, Clock clock) {
        this.recent = recent;
        this.watch = watch;
        this.nodes = nodes;
        this.data = data;
        this.calm = calm;
        this.clock = clock;
    }

    ClusterObservation observe(PlanetaryCluster cluster, Context<PlanetaryCluster> context) {
        var uid = cluster.getMetadata().getUid();
        var state = watch.latest(uid);
        var now = clock.instant();
        var workers = state.map(SchedulerState::byPod).orElse(Map.of());
        var retired = state.map(SchedulerState::retired).orElse(Set.of());
        var pods = owned(cluster, context, Pod.class).stream()
                .map(pod -> pod(uid, pod, workers, retired))
                .toList();
        return new ClusterObservation(
                cluster,
                accepted(owned(cluster, context, ControllerRevision.class)),
                pods,
                owned(cluster, context, Service.class),
                owned(cluster, context, NetworkPolicy.class),
                owned(cluster, context, PodDisruptionBudget.class),
                owned(cluster, context, ConfigMap.class),
                state,
                watch.unknownSince(uid),
                calm.note(uid, state.filter(s -> cluster.specOrDefault().autoscaled()), now),
                ClusterJobs.on(cluster, context),
                data.around(cluster, pods),
                now);
    }

    /** Newest first. */
    private List<AcceptedSpec> accepted(List<ControllerRevision> revisions) {
        return revisions.stream()
                .map(revision ->
                        accepted.computeIfAbsent(revision.getMetadata().getUid(), _ -> AcceptedSpec.of(revision)))
                .sorted(Comparator.comparingLong(AcceptedSpec::number).reversed())
                .toList();
    }

    private ObservedPod pod(String clusterUid, Pod pod, Map<String, WorkerState> workers, Set<String> retired) {
        var uid = pod.getMetadata().getUid();
        return new ObservedPod(
                pod,
                pod.getMetadata().getDeletionTimestamp() != null || recent.wasDeleted(clusterUid, uid),
                Optional.ofNullable(workers.get(uid)),
                recent.wasAskedToRetire(clusterUid, uid),
                // Listed again: its container was started anew, and it is a worker like any other.
                retired.contains(uid) && !workers.containsKey(uid),
                nodes.leaves(pod));
    }

    private <T extends HasMetadata> List<T> owned(
            PlanetaryCluster cluster, Context<PlanetaryCluster> context, Class<T> kind) {
        var cached = context.getSecondaryResources(kind).stream()
                .filter(object -> Labels.owns(cluster, object))
                .toList();
        return recent.merge(cluster.getMetadata().getUid(), kind, cached);
    }
}
