package dev.planetary.reconcile;

import dev.planetary.apply.ApiConnections;
import dev.planetary.apply.LeanAnswers;
import dev.planetary.azure.AzureLine;
import dev.planetary.azure.FleetPace;
import dev.planetary.azure.FleetWatch;
import dev.planetary.azure.MeteredAgentPools;
import dev.planetary.dask.HttpSchedulerClient;
import dev.planetary.dask.MeteredSchedulerClient;
import dev.planetary.dask.Pace;
import dev.planetary.dask.SchedulerWatch;
import dev.planetary.settings.AzureSettings;
import dev.planetary.settings.OperatorSettings;
import dev.planetary.settings.OperatorSettings.Role;
import dev.planetary.telemetry.ControlLoop;
import dev.planetary.telemetry.IdleHeap;
import dev.planetary.telemetry.LoopMeters;
import dev.planetary.telemetry.Meters;
import dev.planetary.telemetry.PoolGauges;
import dev.planetary.telemetry.RequestMeters;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.Executors;

/** Puts the operator together. */
final class OperatorBeans {

    /** The reconciler itself is made a bean by the extension; this is what it asks for. */
    @Produces
    @Singleton
    ClusterParts clusterParts(KubernetesClient client, OperatorSettings settings, MeterRegistry registry) {
        var schedulers = new MeteredSchedulerClient(new HttpSchedulerClient(), registry);
        return ClusterParts.of(
                client,
                settings,
                schedulers,
                new SchedulerWatch(schedulers, Pace.DEFAULT, Clock.systemUTC()),
                Clock.systemUTC(),
                Executors.newVirtualThreadPerTaskExecutor(),
                Optional.ofNullable(System.getenv("HOSTNAME")).orElse("planetary-operator"),
                new Meters(registry, Clock.systemUTC()));
    }

    /** What the job reconciler asks for. */
    @Produces
    @Singleton
    JobParts jobParts(KubernetesClient client, ClusterParts clusters) {
        return JobParts.of(
                client,
                clusters.board(),
                clusters.progress(),
                clusters.places(),
                Clock.systemUTC(),
                Executors.newVirtualThreadPerTaskExecutor(),
                Optional.ofNullable(System.getenv("HOSTNAME")).orElse("planetary-operator"),
                clusters.telemetry());
    }

    /** What the reconciler of node pools asks for, in the role that has one. */
    @Produces
    @Singleton
    PoolParts poolParts(KubernetesClient client, AzureSettings settings, MeterRegistry registry) {
        return PoolParts.of(
                client,
                new FleetWatch(
                        new MeteredAgentPools(AzureLine.of(settings), registry),
                        new FleetPace(settings.poll(), settings.rest(), FleetPace.WRITE, settings.poll()),
                        Clock.systemUTC()),
                new PoolGauges(registry),
                Clock.systemUTC(),
                Executors.newVirtualThreadPerTaskExecutor(),
                Optional.ofNullable(System.getenv("HOSTNAME")).orElse("planetary-azure"));
    }

    @Produces
    @Singleton
    ControlLoop controlLoop() {
        return new ControlLoop(Clock.systemUTC());
    }

    void returnHeap(@Observes StartupEvent started, ControlLoop loop, OperatorSettings settings, Vertx vertx) {
        if (settings.role() == Role.OPERATOR) {
            var memory = ManagementFactory.getMemoryMXBean();
            var heap = new IdleHeap(loop, () -> memory.getHeapMemoryUsage().getUsed(), memory::gc);
            vertx.setPeriodic(IdleHeap.EVERY.toMillis(), _ -> heap.look());
        }
    }

    /** In place of the SDK extension's own. In other roles there are none: an alert takes them for a sign of life of the operator. */
    @Produces
    @Singleton
    Metrics loopMeters(MeterRegistry registry, ControlLoop loop, OperatorSettings settings) {
        return settings.role() == Role.OPERATOR ? new LoopMeters(registry, loop) : Metrics.NOOP;
    }

    /** As the extension makes it, but counted, with few connections, and no more answered than is read. */
    @Produces
    @Singleton
    KubernetesClient client(
            Config config, KubernetesSerialization json, Vertx vertx, MeterRegistry registry, ControlLoop loop) {
        return new KubernetesClientBuilder()
                .withConfig(config)
                .withKubernetesSerialization(json)
                .withHttpClientFactory(new ApiConnections(vertx))
                .withHttpClientBuilderConsumer(http -> {
                    http.addOrReplaceInterceptor("meters", new RequestMeters(registry, loop));
                    http.addOrReplaceInterceptor("answers", new LeanAnswers());
                })
                .build();
    }

    void close(@Disposes KubernetesClient client) {
        client.close();
    }
}
