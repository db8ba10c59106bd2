package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.apply.HandClock;
import dev.planetary.it.ApiServer;
import dev.planetary.telemetry.LoopHealth;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The reconciler in a real operator before a real API server, in a namespace of each test's own. Pods and schedulers are played by the
 * test.
 *
 * <pre>{@code
 * @RegisterExtension static final ApiServer api = new ApiServer();
 * @RegisterExtension final Flow flow = new Flow(api);
 * }</pre>
 */
final class Flow implements BeforeEachCallback, AfterEachCallback, AutoCloseable {
    static final String IMAGE = "dask:tests";
    private final ApiServer api;
    private String namespace;
    private PodsByHand pods;
    private PretendSchedulers schedulers;
    private final HandClock loopTime = new HandClock();
    private OperatorProcess process;

    Flow(ApiServer api) {
        this.api = api;
    }

    /** The test's own client, whose requests are not the operator's. */
    KubernetesClient client() {
        return api.client();
    }

    String namespace() {
        return namespace;
    }

    PodsByHand pods() {
        return pods;
    }

    PretendSchedulers schedulers() {
        return schedulers;
    }

    Wire wire() {
        return process.wire();
    }

    /** Metrics of this life of the operator. */
    MeterRegistry metrics() {
        return process.metrics();
    }

    /** What liveness says at the moment that its clock shows. */
    Optional<String> deadness() {
        return LoopHealth.problem(process.loop().now(), List.of());
    }

    /** For the control loop's clock only. */
    void pass(Duration time) {
        loopTime.pass(time);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        open();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        close();
    }

    /** For tests that want more than one. */
    Flow open() {
        namespace = api.namespace() + "-" + UUID.randomUUID().toString().substring(0, 8);
        client().resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .endMetadata()
                        .build())
                .create();
        pods = new PodsByHand(client(), namespace);
        schedulers = new PretendSchedulers();
        process = start(new TestSettings(IMAGE), Optional.empty());
        return this;
    }

    @Override
    public void close() {
        stop();
        client().namespaces().withName(namespace).delete();
    }

    void stop() {
        if (process != null) {
            process.stop();
            process = null;
        }
    }

    /** A new process that remembers nothing, once the former one has gone. */
    void restart() {
        restart(IMAGE);
    }

    void restart(String defaultImage) {
        restart(new TestSettings(defaultImage));
    }

    void restart(TestSettings settings) {
        stop();
        process = start(settings, Optional.empty());
    }

    /** A new process that takes the time from there. */
    void restart(Clock clock) {
        stop();
        process = new OperatorProcess(
                client().getConfiguration(),
                Set.of(namespace),
                new TestSettings(IMAGE),
                schedulers,
                Optional.empty(),
                loopTime,
                clock);
    }

    /** A new process that watches another namespace beside this one. */
    void restartBeside(String other) {
        stop();
        process = new OperatorProcess(
                client().getConfiguration(),
                Set.of(namespace, other),
                new TestSettings(IMAGE),
                schedulers,
                Optional.empty(),
                loopTime,
                Clock.systemUTC());
    }

    void restart(Interceptor between) {
        stop();
        process = start(new TestSettings(IMAGE), Optional.of(between));
    }

    private OperatorProcess start(TestSettings settings, Optional<Interceptor> between) {
        return new OperatorProcess(
                client().getConfiguration(),
                Set.of(namespace),
                settings,
                schedulers,
                between,
                loopTime,
                Clock.systemUTC());
    }

    /** A new process that has the rights of this user and no others, none of them over the whole cluster. */
    void restartAs(String user) {
        stop();
        var rights = new ConfigBuilder(client().getConfiguration())
                .withImpersonateUsername(user)
                .build();
        process = new OperatorProcess(
                rights,
                Set.of(namespace),
                new TestSettings(IMAGE).withoutNodeWatch(),
                schedulers,
                Optional.empty(),
                loopTime,
                Clock.systemUTC());
    }

    /** @param spec YAML, such as {@code workers: {replicas: 2}} */
    PlanetaryCluster apply(String name, String spec) {
        return client().resource(client().getKubernetesSerialization()
                        .unmarshal(
                                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryCluster
                metadata: {name: %s, namespace: %s}
                spec: {%s}
                """
                                        .formatted(name, namespace, spec),
                                PlanetaryCluster.class))
                .create();
    }

    /** @param spec YAML, such as {@code clusterRef: {name: c}, script: x} */
    PlanetaryJob applyJob(String name, String spec) {
        return client().resource(client().getKubernetesSerialization()
                        .unmarshal(
                                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryJob
                metadata: {name: %s, namespace: %s}
                spec: {%s}
                """
                                        .formatted(name, namespace, spec),
                                PlanetaryJob.class))
                .create();
    }

    PlanetaryJob changeJob(String name, String spec) {
        return job(name).patch(PatchContext.of(PatchType.JSON_MERGE), "spec: {" + spec + "}");
    }

    Resource<PlanetaryJob> job(String name) {
        return client().resources(PlanetaryJob.class).inNamespace(namespace).withName(name);
    }

    /** Nothing known while there is none. */
    PlanetaryJobStatus jobStatus(String name) {
        return Optional.ofNullable(job(name).get())
                .map(PlanetaryJob::statusOrNothing)
                .orElse(PlanetaryJobStatus.NOTHING);
    }

    /** Waits for a phase and a reason, such as {@code Failed: ProgramFailed}. */
    PlanetaryJobStatus awaitJob(String name, String phaseAndReason) {
        until().untilAsserted(() -> assertThat(
                        jobStatus(name).phase() + ": " + jobStatus(name).reason())
                .as(jobStatus(name).message())
                .isEqualTo(phaseAndReason));
        return jobStatus(name);
    }

    /** Waits for the pod of an attempt, from 0. */
    Pod runner(String job, int attempt) {
        until().until(() -> pods.runners(job).stream()
                .anyMatch(p -> p.getMetadata().getName().endsWith("-" + attempt)));
        return pods.runners(job).stream()
                .filter(p -> p.getMetadata().getName().endsWith("-" + attempt))
                .findFirst()
                .orElseThrow();
    }

    /** A user's change of some fields; null takes one out. */
    PlanetaryCluster change(String name, String spec) {
        return cluster(name).patch(PatchContext.of(PatchType.JSON_MERGE), "spec: {" + spec + "}");
    }

    Resource<PlanetaryCluster> cluster(String name) {
        return client().resources(PlanetaryCluster.class).inNamespace(namespace).withName(name);
    }

    /** Empty while there is none. */
    Optional<PlanetaryClusterStatus> status(String name) {
        return Optional.ofNullable(cluster(name).get()).map(PlanetaryCluster::getStatus);
    }

    Optional<Condition> condition(String name, String type) {
        return status(name).flatMap(s -> s.condition(type));
    }

    /** The message of a condition, "" while it is not there. */
    String message(String name, String type) {
        return condition(name, type).map(c -> c.reason() + ": " + c.message()).orElse("");
    }

    /** Ready, for the spec as it is now. */
    boolean ready(String name) {
        var cluster = cluster(name).get();
        return cluster.getStatus() != null
                && cluster.getStatus()
                        .condition(Condition.READY)
                        .filter(c -> c.status() == Condition.Status.True
                                && cluster.getMetadata().getGeneration().equals(c.observedGeneration()))
                        .isPresent();
    }

    List<Event> events(String cluster) {
        return client().events().v1().events().inNamespace(namespace).list().getItems().stream()
                .filter(e ->
                        e.getRegarding() != null && e.getRegarding().getName().equals(cluster))
                .toList();
    }

    /** Notes of the events of a reason. */
    List<String> events(String cluster, String reason) {
        return events(cluster).stream()
                .filter(e -> e.getReason().equals(reason))
                .map(Event::getNote)
                .toList();
    }

    /** Waits for a scheduler and workers, runs them, registers them, and waits until the cluster is ready. */
    void comeUp(String name, int workers) {
        until().until(() ->
                pods.schedulers(name).size() == 1 && pods.workers(name).size() == workers);
        pods.of(name).forEach(pods::run);
        scheduler(name).register(pods.workers(name));
        until().until(() -> ready(name));
    }

    /** Runs pods and makes the scheduler know them. */
    void join(String name, Collection<Pod> workers) {
        workers.forEach(pods::run);
        scheduler(name).register(workers);
    }

    PretendSchedulers.Scheduler scheduler(String name) {
        return schedulers.in(pods.schedulers(name).getLast());
    }

    /** Waits until the operator has had nothing to ask or to write for longer than it puts off the write of a counter. */
    void settle() {
        until().until(() -> wire().quietFor(Duration.ofMillis(1200)));
    }

    /** What the operator makes, of any cluster. */
    List<HasMetadata> objects() {
        return Stream.<List<? extends HasMetadata>>of(
                        client().pods().inNamespace(namespace).list().getItems(),
                        client().services().inNamespace(namespace).list().getItems(),
                        client().secrets().inNamespace(namespace).list().getItems(),
                        client().configMaps().inNamespace(namespace).list().getItems(),
                        client().network()
                                .v1()
                                .networkPolicies()
                                .inNamespace(namespace)
                                .list()
                                .getItems(),
                        client().policy()
                                .v1()
                                .podDisruptionBudget()
                                .inNamespace(namespace)
                                .list()
                                .getItems(),
                        client().apps()
                                .controllerRevisions()
                                .inNamespace(namespace)
                                .list()
                                .getItems())
                .<HasMetadata>flatMap(List::stream)
                .toList();
    }

    static ConditionFactory until() {
        return await().pollInSameThread().pollInterval(Duration.ofMillis(25));
    }
}
