package dev.planetary.reconcile;

import dev.planetary.dask.HttpSchedulerClient;
import dev.planetary.dask.Pace;
import dev.planetary.dask.SchedulerWatch;
import dev.planetary.settings.OperatorSettings;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.Executors;

/** Puts the operator together. */
final class OperatorBeans {

    /** The reconciler itself is made a bean by the extension; this is what it asks for. */
    @Produces
    @Singleton
    ClusterParts clusterParts(KubernetesClient client, OperatorSettings settings) {
        var schedulers = new HttpSchedulerClient();
        return ClusterParts.of(
                client,
                settings,
                schedulers,
                new SchedulerWatch(schedulers, Pace.DEFAULT, Clock.systemUTC()),
                Clock.systemUTC(),
                Executors.newVirtualThreadPerTaskExecutor(),
                Optional.ofNullable(System.getenv("HOSTNAME")).orElse("planetary-operator"));
    }
}
