package dev.planetary.reconcile;

import dev.planetary.apply.LeanAnswers;
import dev.planetary.dask.MeteredSchedulerClient;
import dev.planetary.dask.Pace;
import dev.planetary.dask.SchedulerWatch;
import dev.planetary.it.Clients;
import dev.planetary.telemetry.ControlLoop;
import dev.planetary.telemetry.LoopMeters;
import dev.planetary.telemetry.Meters;
import dev.planetary.telemetry.RequestMeters;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.javaoperatorsdk.operator.Operator;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** One life of the operator, in a namespace. */
final class OperatorProcess {
    private static final Pace PACE = new Pace(Duration.ofSeconds(60), Duration.ofMillis(20), Duration.ofMillis(200));

    private final Wire wire = new Wire();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final ControlLoop loop;
    private final SchedulerWatch watch;
    private final Operator operator;

    /**
     * @param server  where the API server is
     * @param between what else stands before it; watches then are plain HTTP, for of websockets an interceptor sees nothing
     * @param time    the control loop's clock
     * @param clock   everybody else's
     */
    OperatorProcess(
            Config server,
            Set<String> namespaces,
            TestSettings settings,
            PretendSchedulers schedulers,
            Optional<? extends Interceptor> between,
            Clock time,
            Clock clock) {
        loop = new ControlLoop(time);
        var line = new MeteredSchedulerClient(new SchedulerLine(schedulers, wire), registry);
        watch = new SchedulerWatch(line, PACE, Clock.systemUTC());
        // As application.properties sets it.
        var config = new ConfigBuilder(server)
                .withRequestRetryBackoffLimit(3)
                .withOnlyHttpWatches(between.isPresent())
                .build();
        var client = Clients.ofOperator(config)
                .withHttpClientBuilderConsumer(http -> {
                    http.addOrReplaceInterceptor("wire", wire);
                    http.addOrReplaceInterceptor("meters", new RequestMeters(registry, loop));
                    http.addOrReplaceInterceptor("answers", new LeanAnswers());
                    between.ifPresent(b -> http.addOrReplaceInterceptor("between", b));
                })
                .build();
        operator = new Operator(o -> o.withKubernetesClient(client)
                .withMetrics(new LoopMeters(registry, loop))
                .withInformerStoppedHandler(Clients::informerStopped)
                .withReconciliationTerminationTimeout(Duration.ofSeconds(5)));
        var parts = ClusterParts.of(
                client, settings, line, watch, clock, threads, "tests", new Meters(registry, Clock.systemUTC()));
        operator.register(new PlanetaryClusterReconciler(parts), c -> c.settingNamespaces(namespaces));
        operator.register(
                new PlanetaryJobReconciler(JobParts.of(
                        client,
                        parts.board(),
                        parts.progress(),
                        parts.places(),
                        Clock.systemUTC(),
                        threads,
                        "tests",
                        parts.telemetry())),
                c -> c.settingNamespaces(namespaces));
        operator.start();
    }

    Wire wire() {
        return wire;
    }

    MeterRegistry metrics() {
        return registry;
    }

    ControlLoop loop() {
        return loop;
    }

    void stop() {
        operator.stop();
        watch.close();
        threads.shutdownNow();
        wire.close();
    }
}
