package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus;
import dev.planetary.azure.FakeArm;
import dev.planetary.azure.FleetPace;
import dev.planetary.azure.FleetWatch;
import dev.planetary.it.ApiServer;
import dev.planetary.it.Clients;
import dev.planetary.telemetry.PoolGauges;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.javaoperatorsdk.operator.Operator;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The role azure in a real operator, between a real API server and a fake of Azure. Node pools have no namespace: a label keeps those of
 * one test from another's operator.
 */
final class PoolFlow implements BeforeEachCallback, AfterEachCallback, AutoCloseable {
    static final FleetPace PACE = new FleetPace(
            Duration.ofMillis(50), Duration.ofMillis(200), Duration.ofMillis(100), Duration.ofMillis(100));
    /** A pool's spec. */
    static final String SPOT = "vmSize: Standard_D8s_v5, priority: Spot, maxNodes: 20";

    private static final String RUN = "test-run";

    private final ApiServer api;
    private final FleetPace pace;
    private final Duration second;
    private String run;
    private FakeArm arm;
    private Process process;
    private Optional<String> user = Optional.empty();

    PoolFlow(ApiServer api) {
        this(api, PACE, Duration.ofMillis(5));
    }

    /** @param second of Azure's buckets */
    PoolFlow(ApiServer api, FleetPace pace, Duration second) {
        this.api = api;
        this.pace = pace;
        this.second = second;
    }

    /** One life of the role. */
    private final class Process {
        final Wire wire = new Wire();
        final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        final Operator operator;

        Process() {
            var client = Clients.ofOperator(new ConfigBuilder(client().getConfiguration())
                            .withRequestRetryBackoffLimit(3)
                            .withImpersonateUsername(user.orElse(null))
                            .build())
                    .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("wire", wire))
                    .build();
            operator = new Operator(o -> o.withKubernetesClient(client)
                    .withInformerStoppedHandler(Clients::informerStopped)
                    .withReconciliationTerminationTimeout(Duration.ofSeconds(5)));
            var fleets = new FleetWatch(new MortalAzure(arm.client(), wire), pace, Clock.systemUTC());
            operator.register(
                    new PlanetaryNodePoolReconciler(PoolParts.of(
                            client,
                            fleets,
                            new PoolGauges(new SimpleMeterRegistry()),
                            Clock.systemUTC(),
                            threads,
                            "tests")),
                    c -> c.withLabelSelector(RUN + "=" + run));
            operator.start();
        }

        void stop() {
            operator.stop();
            threads.shutdownNow();
            wire.close();
        }
    }

    PoolFlow open() {
        run = "r" + UUID.randomUUID().toString().substring(0, 8);
        arm = new FakeArm(second);
        process = new Process();
        return this;
    }

    FakeArm arm() {
        return arm;
    }

    Wire wire() {
        return process.wire;
    }

    KubernetesClient client() {
        return api.client();
    }

    void stop() {
        if (process != null) {
            process.stop();
            process = null;
        }
    }

    /** A new process that remembers nothing. */
    void restart() {
        stop();
        process = new Process();
    }

    /** A new process that has the rights of this user and no others. */
    void restartAs(String name) {
        user = Optional.of(name);
        restart();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        open();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        close();
    }

    @Override
    public void close() {
        stop();
        client().resources(PlanetaryNodePool.class)
                .withLabel(RUN, run)
                .list()
                .getItems()
                .forEach(pool -> {
                    resource(pool.getMetadata().getName())
                            .patch(PatchContext.of(PatchType.JSON_MERGE), "metadata: {finalizers: null}");
                    client().resource(pool).delete();
                });
        arm.close();
    }

    /** The name that an object has on the server, which all tests share. */
    String full(String name) {
        return name + "-" + run;
    }

    /** @param spec YAML, such as {@code vmSize: Standard_D8s_v5, maxNodes: 20} */
    PlanetaryNodePool apply(String name, String spec) {
        return client().resource(client().getKubernetesSerialization()
                        .unmarshal(
                                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryNodePool
                metadata: {name: %s, labels: {%s: %s}}
                spec: {%s}
                """
                                        .formatted(full(name), RUN, run, spec),
                                PlanetaryNodePool.class))
                .create();
    }

    PlanetaryNodePool change(String name, String spec) {
        return pool(name).patch(PatchContext.of(PatchType.JSON_MERGE), "spec: {" + spec + "}");
    }

    Resource<PlanetaryNodePool> pool(String name) {
        return resource(full(name));
    }

    private Resource<PlanetaryNodePool> resource(String fullName) {
        return client().resources(PlanetaryNodePool.class).withName(fullName);
    }

    PlanetaryNodePoolStatus status(String name) {
        return Optional.ofNullable(pool(name).get())
                .map(PlanetaryNodePool::statusOrNothing)
                .orElse(PlanetaryNodePoolStatus.NOTHING);
    }

    /** Phase and reason, of the spec as it is now. */
    String told(String name) {
        var pool = pool(name).get();
        if (pool == null) {
            return "gone";
        }
        var status = pool.statusOrNothing();
        return pool.getMetadata().getGeneration().equals(status.observedGeneration())
                ? status.phase() + ": "
                        + status.condition(Condition.READY)
                                .map(Condition::reason)
                                .orElse("")
                : "not told yet";
    }

    String message(String name) {
        return status(name).condition(Condition.READY).map(Condition::message).orElse("");
    }

    /** Waits for a phase and a reason, such as {@code Ready: AsAsked}. */
    PlanetaryNodePoolStatus await(String name, String phaseAndReason) {
        Flow.until()
                .untilAsserted(() -> assertThat(told(name)).as(message(name)).isEqualTo(phaseAndReason));
        return status(name);
    }

    /** Reasons of the events about it. */
    List<String> events(String name) {
        return client().events().v1().events().inNamespace("default").list().getItems().stream()
                .filter(e ->
                        e.getRegarding() != null && e.getRegarding().getName().equals(full(name)))
                .map(Event::getReason)
                .toList();
    }
}
