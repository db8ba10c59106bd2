package dev.planetary.reconcile;

import dev.planetary.apply.Applier;
import dev.planetary.apply.EventRecorder;
import dev.planetary.apply.KarpenterObjects;
import dev.planetary.apply.PoolStatusWriter;
import dev.planetary.azure.FleetWatch;
import dev.planetary.telemetry.PoolGauges;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.concurrent.Executor;

/** What the node-pool reconciler is put together from; one place for production and for tests. */
record PoolParts(
        PoolExecutor executor,
        KarpenterExecutor karpenter,
        PoolStatusWriter statuses,
        PoolAnnouncer announcer,
        PoolEvents events,
        PoolGauges gauges,
        Clock clock) {

    /** @param instance names this operator in events */
    static PoolParts of(
            KubernetesClient client,
            FleetWatch fleets,
            PoolGauges gauges,
            Clock clock,
            Executor executor,
            String instance) {
        var statuses = new PoolStatusWriter(client, clock);
        return new PoolParts(
                new PoolExecutor(fleets, pool -> Applier.isCurrent(client, pool), clock),
                new KarpenterExecutor(new KarpenterObjects(client), fleets.pace(), clock),
                statuses,
                new PoolAnnouncer(new EventRecorder(client, clock, executor, instance)),
                new PoolEvents(fleets, uid -> {
                    statuses.forget(uid);
                    fleets.forget(uid);
                }),
                gauges,
                clock);
    }
}
