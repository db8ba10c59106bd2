package dev.planetary.reconcile;

import dev.planetary.dask.Pace;
import dev.planetary.dask.SchedulerWatch;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.vertx.VertxHttpClientFactory;
import io.javaoperatorsdk.operator.Operator;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** One life of the operator, in a namespace. */
final class OperatorProcess {
    private static final Pace PACE = new Pace(Duration.ofSeconds(60), Duration.ofMillis(20), Duration.ofMillis(200));

    /** The client would make one of its own for each process, and not close it: hundreds of threads by and by. */
    private static final HttpClient.Factory HTTP = new VertxHttpClientFactory(Vertx.vertx());

    private final Wire wire = new Wire();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final SchedulerWatch watch;
    private final Operator operator;

    /**
     * @param server  where the API server is
     * @param between what else stands before it; watches then are plain HTTP, for of websockets an interceptor sees nothing
     */
    OperatorProcess(
            Config server,
            String namespace,
            String defaultImage,
            PretendSchedulers schedulers,
            Optional<? extends Interceptor> between) {
        var line = new SchedulerLine(schedulers, wire);
        watch = new SchedulerWatch(line, PACE, Clock.systemUTC());
        // As application.properties sets it.
        var config = new ConfigBuilder(server)
                .withRequestRetryBackoffLimit(3)
                .withOnlyHttpWatches(between.isPresent())
                .build();
        var client = new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientFactory(HTTP)
                .withHttpClientBuilderConsumer(http -> {
                    http.addOrReplaceInterceptor("wire", wire);
                    between.ifPresent(b -> http.addOrReplaceInterceptor("between", b));
                })
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
