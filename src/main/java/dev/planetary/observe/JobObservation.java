package dev.planetary.observe;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.dask.JobProgress;
import dev.planetary.dask.SchedulerState;
import dev.planetary.desired.JobNames;
import dev.planetary.status.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * All that a decision about a job may rest on, at one moment.
 *
 * @param job         the user's object, with what was written of it
 * @param cluster     the cluster it is on; of its own only if it owns it
 * @param known       its cluster has been looked at: what its pods are made from is known, and what must be there before a runner is
 * @param state       what the cluster's scheduler says; empty: it does not answer
 * @param runners     the pods of its attempts, as far as they are there
 * @param unposted    it is certain that the present attempt's pod was never made
 * @param lostSince   since when the present attempt has been seen to be without its scheduler
 * @param whereabouts where its data and its cluster are; empty: it names none, or the cluster has not been looked at
 * @param findings    what stands in the way of new objects
 * @param now         the moment
 */
public record JobObservation(
        PlanetaryJob job,
        Optional<PlanetaryCluster> cluster,
        boolean known,
        Optional<SchedulerState> state,
        List<ObservedRunner> runners,
        boolean unposted,
        Optional<Instant> lostSince,
        Optional<Whereabouts> whereabouts,
        List<Finding> findings,
        Instant now) {
    /** The scheduler tells of the last tasks within a second, often after the kubelet tells of the end. A final status never changes. */
    private static final Duration LAST_NUMBERS = Duration.ofSeconds(3);

    public PlanetaryJobStatus status() {
        return job.statusOrNothing();
    }

    public Instant created() {
        return Instant.parse(job.getMetadata().getCreationTimestamp());
    }

    public boolean ownsItsCluster() {
        return job.getSpec().clusterRef() == null;
    }

    public String clusterName() {
        return JobNames.cluster(job);
    }

    /** The present attempt's pod. */
    public Optional<ObservedRunner> runner() {
        return runners.stream().filter(r -> r.name().equals(status().podName())).findFirst();
    }

    /**
     * Runners that live though their attempts are over: the API server was asked for them, was taken to have made none, and did later.
     * An attempt that the status does not know of is not among them: the status may be an old one.
     */
    public List<ObservedRunner> strays() {
        var over = IntStream.range(0, status().begun() - (status().isAttempt() ? 1 : 0))
                .mapToObj(JobNames.of(job)::runner)
                .collect(Collectors.toSet());
        return runners.stream()
                .filter(r -> over.contains(r.name()) && !r.deleting() && !r.finished())
                .toList();
    }

    /** The present attempt's pod does not show, which a cache says lightly. */
    public boolean missesItsRunner() {
        return status().isAttempt() && runner().isEmpty() && !unposted;
    }

    /** What the scheduler counts of it now. */
    public Optional<JobProgress> progress() {
        return state.flatMap(s -> s.jobs().of(String.valueOf(status().podName())));
    }

    /** Until when to wait for the numbers of a program that ended well, if tasks of it had not ended when the scheduler last told. */
    public Optional<Instant> lastNumbersBy(ObservedRunner runner) {
        return runner.ended()
                .map(at -> at.plus(LAST_NUMBERS))
                .filter(now::isBefore)
                .filter(_ -> runner.exit().filter(e -> e.code() == 0).isPresent()
                        && progress().filter(p -> p.done() < p.total()).isPresent());
    }

    /** Another process than the attempt began with, or none any more: whatever it computed is lost. */
    public boolean withoutItsScheduler() {
        return status().isAttempt()
                && (cluster.isEmpty()
                        || state.filter(s -> !s.boot().equals(status().schedulerBoot()))
                                .isPresent());
    }

    /** The same, with the time since when it is without its scheduler. */
    public JobObservation withoutSchedulerSince(Instant since) {
        return new JobObservation(
                job, cluster, known, state, runners, unposted, Optional.of(since), whereabouts, findings, now);
    }

    /** The same, with a pod that was read, for the cache does not show it. */
    public JobObservation with(ObservedRunner found) {
        var all = new java.util.ArrayList<>(runners);
        all.add(found);
        return new JobObservation(
                job, cluster, known, state, List.copyOf(all), unposted, lostSince, whereabouts, findings, now);
    }

    /** The same, whatever stands in the way. */
    public JobObservation withoutFindings() {
        return new JobObservation(
                job, cluster, known, state, runners, unposted, lostSince, whereabouts, List.of(), now);
    }
}
