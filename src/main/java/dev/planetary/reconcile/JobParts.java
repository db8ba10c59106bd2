package dev.planetary.reconcile;

import dev.planetary.apply.Applier;
import dev.planetary.apply.EventRecorder;
import dev.planetary.apply.JobApplier;
import dev.planetary.apply.JobStatusWriter;
import dev.planetary.apply.RecentWrites;
import dev.planetary.telemetry.Telemetry;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * What the job reconciler is put together from; one place for production and for tests.
 *
 * @param refusals creations that the API server refused
 * @param forget   drops all that is remembered of a job's uid
 */
record JobParts(
        JobObserver observer,
        JobExecutor executor,
        JobStatusWriter statuses,
        JobAnnouncer announcer,
        JobSources sources,
        Attempts refusals,
        Unposted unposted,
        Consumer<String> forget,
        Telemetry telemetry,
        Clock clock) {

    /**
     * @param board    what the clusters' side knows
     * @param progress brings news of jobs' tasks
     * @param places   where data and nodes are
     * @param instance names this operator in events
     */
    static JobParts of(
            KubernetesClient client,
            ClusterBoard board,
            ProgressFeed progress,
            DataPlaces places,
            Clock clock,
            Executor executor,
            String instance,
            Telemetry telemetry) {
        var recent = new RecentWrites(clock);
        var applier = new Applier(client, recent);
        var jobs = new JobApplier(client, recent);
        var refusals = new Attempts(clock);
        var unposted = new Unposted();
        var statuses = new JobStatusWriter(client, clock);
        var announcer = new JobAnnouncer(new EventRecorder(client, clock, executor, instance));
        var observers = new JobObserver[1];
        Consumer<String> forget = uid -> {
            recent.forget(uid);
            refusals.forget(uid);
            unposted.forget(uid);
            statuses.forget(uid);
            announcer.forget(uid);
            observers[0].forget(uid);
        };
        var sources = new JobSources(board, progress, places, forget);
        observers[0] = new JobObserver(recent, jobs, board, sources, places, refusals, unposted, clock);
        return new JobParts(
                observers[0],
                new JobExecutor(applier, jobs, board, unposted, recent),
                statuses,
                announcer,
                sources,
                refusals,
                unposted,
                forget,
                telemetry,
                clock);
    }
}
