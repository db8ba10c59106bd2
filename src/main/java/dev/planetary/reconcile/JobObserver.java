package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.apply.JobApplier;
import dev.planetary.apply.RecentWrites;
import dev.planetary.desired.JobNames;
import dev.planetary.desired.Labels;
import dev.planetary.observe.JobObservation;
import dev.planetary.observe.ObservedRunner;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Gathers what there is to know of a job. It asks the API server in one case only: that a runner is not there is not taken from a cache.
 */
final class JobObserver {
    private final RecentWrites recent;
    private final JobApplier applier;
    private final ClusterBoard board;
    private final JobSources sources;
    private final Attempts refusals;
    private final Unposted unposted;
    private final Clock clock;
    private final ConcurrentMap<String, Instant> lost = new ConcurrentHashMap<>();

    JobObserver(
            RecentWrites recent,
            JobApplier applier,
            ClusterBoard board,
            JobSources sources,
            Attempts refusals,
            Unposted unposted,
            Clock clock) {
        this.recent = recent;
        this.applier = applier;
        this.board = board;
        this.sources = sources;
        this.refusals = refusals;
        this.unposted = unposted;
        this.clock = clock;
    }

    JobObservation observe(PlanetaryJob job, Context<PlanetaryJob> context) {
        var uid = job.getMetadata().getUid();
        // First: what falls due while this looks around is after it.
        var now = clock.instant();
        var cluster = cluster(job);
        var clusterUid = cluster.map(c -> c.getMetadata().getUid());
        var pods = context.getSecondaryResources(Pod.class).stream()
                .filter(pod -> Labels.owns(job, pod))
                .toList();
        var seen = new JobObservation(
                job,
                cluster,
                clusterUid.filter(board::takesRunners).isPresent(),
                clusterUid.flatMap(board::state),
                recent.merge(uid, Pod.class, pods).stream()
                        .map(pod -> runner(job, pod))
                        .toList(),
                unposted.is(uid, job.statusOrNothing().begun()),
                Optional.empty(),
                refusals.standing(uid, job.getMetadata().getGeneration()),
                now);
        return sure(timed(seen));
    }

    void forget(String jobUid) {
        lost.remove(jobUid);
    }

    private JobObservation timed(JobObservation seen) {
        var uid = seen.job().getMetadata().getUid();
        if (!seen.withoutItsScheduler()) {
            lost.remove(uid);
            return seen;
        }
        return seen.withoutSchedulerSince(lost.computeIfAbsent(uid, _ -> seen.now()));
    }

    private JobObservation sure(JobObservation seen) {
        return seen.missesItsRunner()
                ? applier.read(seen.job(), seen.status().podName())
                        .map(pod -> seen.with(runner(seen.job(), pod)))
                        .orElse(seen)
                : seen;
    }

    private ObservedRunner runner(PlanetaryJob job, Pod pod) {
        return new ObservedRunner(
                pod,
                pod.getMetadata().getDeletionTimestamp() != null
                        || recent.wasDeleted(
                                job.getMetadata().getUid(), pod.getMetadata().getUid()));
    }

    private Optional<PlanetaryCluster> cluster(PlanetaryJob job) {
        var id = new ResourceID(JobNames.cluster(job), job.getMetadata().getNamespace());
        var uid = job.getMetadata().getUid();
        var cached = sources.cluster(id).stream().toList();
        return recent.merge(uid, PlanetaryCluster.class, cached).stream()
                .filter(c -> !recent.wasDeleted(uid, c.getMetadata().getUid()))
                .filter(c -> job.getSpec().clusterRef() != null || Labels.owns(job, c))
                .findFirst();
    }
}
