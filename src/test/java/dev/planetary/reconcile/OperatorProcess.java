package dev.planetary.reconcile;

import dev.planetary.dask.Pace;
import dev.planetary.dask.SchedulerWatch;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.javaoperatorsdk.operator.Operator;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** One life of the operator, in a namespace. */
final class OperatorProcess {
    private static final Pace PACE = new Pace(Duration.ofSeconds(60), Duration.ofMillis(20), Duration.ofMillis(200));

    private final Wire wire = new Wire();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final SchedulerWatch watch;
    private final Operator operator;

    /** @param server where the API server is */
    OperatorProcess(Config server, String namespace, String defaultImage, PretendSchedulers schedulers) {
        var line = new SchedulerLine(schedulers, wire);
        watch = new SchedulerWatch(line, PACE, Clock.systemUTC());
        // As application.properties sets it.
        var config = new ConfigBuilder(server).withRequestRetryBackoffLimit(3).build();
        var client = new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("wire", wire))
                .build();
        operator = new Operator(
                o -> o.withKubernetesClient(client).withReconciliationTerminationTimeout(Duration.ofSeconds(5)));
        var parts = ClusterParts.of(
                client, new TestSettings(defaultImage), line, watch, Clock.systemUTC(), threads, "tests");
        operator.register(new PlanetaryClusterReconciler(parts), c -> c.settingNamespace(namespace));
        operator.start();
    }

    Wire wire() {
        return wire;
    }

    void stop() {
        operator.stop();
        watch.close();
        threads.shutdownNow();
        wire.close();
    }
}
