package dev.planetary.reconcile;

import dev.planetary.apply.Applier;
import dev.planetary.apply.EventRecorder;
import dev.planetary.apply.RecentWrites;
import dev.planetary.apply.StatusWriter;
import dev.planetary.dask.SchedulerClient;
import dev.planetary.dask.SchedulerWatch;
import dev.planetary.settings.OperatorSettings;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.concurrent.Executor;

/** What the cluster reconciler is put together from; one place for production and for tests with other ports. */
record ClusterParts(Observer observer, Acceptance acceptance, Groundwork groundwork, PlanExecutor executor, Identities identities,
        Attempts attempts, StatusWriter statuses, EventRecorder events, SchedulerWatch watch, SchedulerEvents schedulerEvents,
        Preloads preloads, TrustedCa trustedCa) {

    /** @param instance names this operator in events */
    static ClusterParts of(KubernetesClient client, OperatorSettings settings, SchedulerClient schedulers, SchedulerWatch watch,
            Clock clock, Executor executor, String instance) {
        var recent = new RecentWrites(clock);
        var parallel = new Parallel(executor);
        var applier = new Applier(client, recent);
        var identities = new Identities(client, applier, settings, clock);
        var attempts = new Attempts(clock);
        var statuses = new StatusWriter(client, clock);
        var events = new EventRecorder(client, clock, executor, instance);
        var preloads = Preloads.load();
        var trustedCa = TrustedCa.read(client, settings);
        var acceptance = new Acceptance(applier, settings.clientImage(), new Attempts(clock));
        return new ClusterParts(new Observer(recent, watch, clock), acceptance,
                new Groundwork(applier, identities, preloads, trustedCa, parallel),
                new PlanExecutor(applier, schedulers, recent, events, parallel), identities, attempts, statuses, events, watch,
                new SchedulerEvents(watch, recent, statuses, identities, attempts, acceptance), preloads, trustedCa);
    }
}
