package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.policy.v1.EvictionBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real cluster with the operator deployed in it, and a namespace under restricted pod security: one for every test, or, where the
 * field is static, one for the class. On failure it says what was there.
 */
public final class RealCluster
        implements BeforeAllCallback,
                BeforeEachCallback,
                AfterTestExecutionCallback,
                AfterEachCallback,
                AfterAllCallback {
    /** The namespace of the operator, and its name there. */
    static final String SYSTEM = "planetary-system";

    static final String OPERATOR = "planetary-operator";
    static final Path SAMPLES = Path.of("deploy/manifests/samples");
    /** Long enough for a busy two-core machine; a test that passes takes seconds. */
    static final Duration PATIENCE = Duration.ofSeconds(120);

    private KubernetesClient client;
    private String namespace;
    private boolean ofClass;

    KubernetesClient client() {
        return client;
    }

    String namespace() {
        return namespace;
    }

    static String clientImage() {
        return property("planetary.e2e.client-image");
    }

    static Path kubeconfig() {
        return Path.of(property("planetary.e2e.kubeconfig"));
    }

    static Path auditLog() {
        return Path.of(property("planetary.e2e.audit-log"));
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        ofClass = true;
        open(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (!ofClass) {
            open(context);
        }
    }

    private void open(ExtensionContext context) {
        client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig().toFile()))
                .build();
        namespace = context.getRequiredTestClass().getSimpleName().toLowerCase(Locale.ROOT) + "-"
                + UUID.randomUUID().toString().substring(0, 6);
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .addToLabels("pod-security.kubernetes.io/enforce", "restricted")
                        .endMetadata()
                        .build())
                .create();
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        context.getExecutionException().ifPresent(e -> System.err.println(describe()));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (!ofClass) {
            close();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        close();
    }

    private void close() {
        // First, or the operator tries to replace the pods that go with the namespace.
        client.resources(PlanetaryJob.class).inNamespace(namespace).delete();
        client.resources(PlanetaryCluster.class).inNamespace(namespace).delete();
        client.namespaces().withName(namespace).delete();
        client.close();
    }

    /** Applies a PlanetaryCluster of that name with the given spec (YAML, indented by two). */
    PlanetaryCluster apply(String name, String spec) {
        return applyYaml(
                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryCluster
                metadata: {name: %s}
                spec:
                %s"""
                        .formatted(name, spec.indent(2)));
    }

    /** One scheduler and so many workers of one thread, as small as Dask can be; more of the spec (YAML) may follow. */
    PlanetaryCluster applySmall(String name, int workers, String... more) {
        return apply(name, small(workers) + String.join("\n", more));
    }

    /** In a job's spec: as small as a Python with Dask can be. */
    static final String SMALL_RUNNER = "resources: {requests: {cpu: 20m, memory: 100Mi}, limits: {memory: 512Mi}}\n";

    static String small(int workers) {
        return """
                scheduler:
                  resources: {requests: {cpu: 20m, memory: 200Mi}, limits: {memory: 768Mi}}
                workers:
                  replicas: %d
                  threads: 1
                  resources: {requests: {cpu: 20m, memory: 200Mi}, limits: {memory: 768Mi}}
                """
                .formatted(workers);
    }

    PlanetaryCluster applyYaml(String yaml) {
        return cluster(serverSideApply(yaml)).orElseThrow();
    }

    /** Applies a PlanetaryJob of that name with the given spec (YAML, indented by two). */
    PlanetaryJob applyJob(String name, String spec) {
        serverSideApply(
                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryJob
                metadata: {name: %s}
                spec:
                %s"""
                        .formatted(name, spec.indent(2)));
        return job(name).orElseThrow();
    }

    /** @return the object's name */
    private String serverSideApply(String yaml) {
        // As a user's tools do: our classes would write more than the YAML says.
        var wanted = client.getKubernetesSerialization().unmarshal(yaml, GenericKubernetesResource.class);
        wanted.getMetadata().setNamespace(namespace);
        client.resource(wanted).fieldManager("e2e").forceConflicts().serverSideApply();
        return wanted.getMetadata().getName();
    }

    Optional<PlanetaryJob> job(String name) {
        return Optional.ofNullable(client.resources(PlanetaryJob.class)
                .inNamespace(namespace)
                .withName(name)
                .get());
    }

    void deleteJob(String name) {
        client.resources(PlanetaryJob.class)
                .inNamespace(namespace)
                .withName(name)
                .delete();
    }

    /** Waits until a job says what the test expects. */
    PlanetaryJobStatus awaitJob(String name, Duration patience, Predicate<PlanetaryJobStatus> expected) {
        return Awaitility.await("PlanetaryJob " + name)
                .atMost(patience)
                .pollInterval(Duration.ofMillis(200))
                .until(() -> job(name).map(PlanetaryJob::statusOrNothing).orElse(PlanetaryJobStatus.NOTHING), expected);
    }

    PlanetaryJobStatus awaitJob(String name, PlanetaryJobStatus.Phase phase) {
        return awaitJob(name, PATIENCE.multipliedBy(2), s -> s.phase() == phase);
    }

    /** The pods of a job's attempts. */
    List<Pod> runners(String job) {
        return client.pods()
                .inNamespace(namespace)
                .withLabel(Labels.JOB, job)
                .list()
                .getItems();
    }

    Optional<PlanetaryCluster> cluster(String name) {
        return Optional.ofNullable(client.resources(PlanetaryCluster.class)
                .inNamespace(namespace)
                .withName(name)
                .get());
    }

    /** Waits until the cluster says of its newest spec what the test expects. */
    PlanetaryCluster await(String name, Duration patience, Predicate<PlanetaryCluster> expected) {
        return Awaitility.await("PlanetaryCluster " + name)
                .atMost(patience)
                .pollInterval(Duration.ofMillis(200))
                .until(
                        () -> cluster(name),
                        c -> c.isPresent()
                                && c.get().getStatus() != null
                                && c.get()
                                        .getMetadata()
                                        .getGeneration()
                                        .equals(c.get().getStatus().observedGeneration())
                                && expected.test(c.get()))
                .orElseThrow();
    }

    PlanetaryCluster awaitReady(String name) {
        return await(name, PATIENCE, c -> ready(c).status() == Condition.Status.True);
    }

    static Condition ready(PlanetaryCluster cluster) {
        return cluster.getStatus().condition(Condition.READY).orElseThrow();
    }

    /** Deletes a cluster and does not wait. */
    void delete(String name) {
        client.resources(PlanetaryCluster.class)
                .inNamespace(namespace)
                .withName(name)
                .delete();
    }

    /** What {@code kubectl scale} does. */
    void scale(String name, int replicas) {
        client.resources(PlanetaryCluster.class)
                .inNamespace(namespace)
                .withName(name)
                .scale(replicas);
    }

    /** Every status the cluster is given from now on, in order. */
    Told listen(String name) {
        return new Told(
                client.resources(PlanetaryCluster.class).inNamespace(namespace).withName(name));
    }

    /** Asks for it as `kubectl drain` does. */
    void evict(String pod) {
        client.pods()
                .inNamespace(namespace)
                .withName(pod)
                .evict(new EvictionBuilder()
                        .withNewMetadata()
                        .withName(pod)
                        .withNamespace(namespace)
                        .endMetadata()
                        .build());
    }

    /** ConfigMap {@code trusted} in the test's namespace, with the stand-in's authority at {@code ca.crt}. */
    void createTrusted() {
        client.resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("trusted")
                        .withNamespace(namespace)
                        .endMetadata()
                        .withData(client.configMaps()
                                .inNamespace(SYSTEM)
                                .withName("planetary-trusted-ca")
                                .get()
                                .getData())
                        .build())
                .create();
    }

    List<Pod> workers(String cluster) {
        return pods(cluster, Labels.WORKER);
    }

    Pod scheduler(String cluster) {
        var pods = pods(cluster, Labels.SCHEDULER);
        assertThat(pods).as("schedulers of " + cluster).hasSize(1);
        return pods.getFirst();
    }

    /** Tells of every change of a cluster's workers. */
    SharedIndexInformer<Pod> watchWorkers(String cluster, ResourceEventHandler<Pod> whom) {
        return client.pods()
                .inNamespace(namespace)
                .withLabel(Labels.CLUSTER, cluster)
                .withLabel(Labels.COMPONENT, Labels.WORKER)
                .inform(whom);
    }

    static List<String> uids(Collection<Pod> pods) {
        return pods.stream().map(p -> p.getMetadata().getUid()).toList();
    }

    static List<String> names(Collection<Pod> pods) {
        return pods.stream().map(p -> p.getMetadata().getName()).toList();
    }

    List<Pod> pods(String cluster, String component) {
        return client.pods()
                .inNamespace(namespace)
                .withLabel(Labels.CLUSTER, cluster)
                .withLabel(Labels.COMPONENT, component)
                .list()
                .getItems();
    }

    /** The operator's pod. */
    Pod operator() {
        var pods = client.pods()
                .inNamespace(SYSTEM)
                .withLabel("app.kubernetes.io/name", OPERATOR)
                .list()
                .getItems();
        assertThat(pods).as("the operator's pods").hasSize(1);
        return pods.getFirst();
    }

    /** Name of a node that pods really run on; a test may have others there. */
    String node() {
        return operator().getSpec().getNodeName();
    }

    String nodeAddress() {
        return client.nodes().withName(node()).get().getStatus().getAddresses().stream()
                .filter(a -> "InternalIP".equals(a.getType()))
                .findFirst()
                .orElseThrow()
                .getAddress();
    }

    /** Gives the operator a setting, or takes it away, and waits until it works with it. For tests that run alone. */
    void operatorSets(String name, Optional<String> value) {
        RollableScalableResource<Deployment> deployment =
                client.apps().deployments().inNamespace(SYSTEM).withName(OPERATOR);
        deployment.edit(d -> {
            var container = d.getSpec().getTemplate().getSpec().getContainers().getFirst();
            var env = new ArrayList<>(container.getEnv());
            env.removeIf(e -> e.getName().equals(name));
            value.ifPresent(
                    v -> env.add(new EnvVarBuilder().withName(name).withValue(v).build()));
            container.setEnv(env);
            return d;
        });
        deployment.waitUntilCondition(
                d -> d.getStatus().getObservedGeneration() != null
                        && d.getStatus().getObservedGeneration()
                                >= d.getMetadata().getGeneration()
                        && Integer.valueOf(1).equals(d.getStatus().getUpdatedReplicas())
                        && Integer.valueOf(1).equals(d.getStatus().getReadyReplicas())
                        && Integer.valueOf(1).equals(d.getStatus().getReplicas()),
                PATIENCE.toSeconds(),
                TimeUnit.SECONDS);
    }

    /** What the operator logged since then. */
    String operatorLog(Instant since) {
        return client.pods()
                .inNamespace(SYSTEM)
                .withName(operator().getMetadata().getName())
                .sinceTime(since.toString())
                .getLog();
    }

    /** The notes of events of that reason about a cluster; of all of them, if it is empty. */
    List<String> events(String reason) {
        return client.events().v1().events().inNamespace(namespace).list().getItems().stream()
                .filter(e -> (reason.isEmpty() || reason.equals(e.getReason()))
                        && PlanetaryCluster.KIND.equals(e.getRegarding().getKind()))
                .map(io.fabric8.kubernetes.api.model.events.v1.Event::getNote)
                .toList();
    }

    /** The sample client pod for cluster {@code ndvi}, running. */
    Pod clientPod(String cluster) {
        return clientPod(cluster, pod -> pod);
    }

    /** The same, changed before it is made. */
    Pod clientPod(String cluster, UnaryOperator<Pod> change) {
        var yaml = read(SAMPLES.resolve("ndvi-client.yaml"))
                .replace("image: planetary-client", "image: " + clientImage())
                .replace("ndvi", cluster);
        var pod = change.apply(client.getKubernetesSerialization().unmarshal(yaml, Pod.class));
        pod.getMetadata().setNamespace(namespace);
        client.resource(pod).create();
        return client.resource(pod).waitUntilReady(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Ends a pod without any notice: its object goes at once, and its processes are killed. */
    void kill(Pod pod) {
        at(pod).withGracePeriod(0).delete();
    }

    /** Puts files into a pod's /planetary. */
    void upload(Pod pod, Path... files) {
        for (var file : files) {
            at(pod).file("/planetary/" + file.getFileName()).upload(file);
        }
    }

    /** What a command printed and how it ended. */
    record Result(int exitCode, String output) {}

    /** Runs a command in a pod's first container and waits for its end. */
    Result exec(Pod pod, String... command) {
        var out = new ByteArrayOutputStream();
        try (var watch = at(pod).writingOutput(out).writingError(out).exec(command)) {
            var code = watch.exitCode().get(5, TimeUnit.MINUTES);
            return new Result(code, out.toString(StandardCharsets.UTF_8));
        } catch (Exception e) {
            throw new AssertionError(
                    "exec in " + pod.getMetadata().getName() + ": " + out.toString(StandardCharsets.UTF_8), e);
        }
    }

    Result python(Pod pod, String program) {
        return exec(pod, "python", "-c", program);
    }

    /** Starts a Python program that tells how far it is on stdout and waits for words on stdin. */
    Dialogue talk(Pod pod, String program) {
        return new Dialogue(at(pod), program);
    }

    /** What kubectl says in the test's namespace; it has to succeed. */
    String kubectl(String... words) {
        try {
            var command = Stream.concat(
                            Stream.of("kubectl", "--kubeconfig=" + kubeconfig(), "--namespace=" + namespace),
                            Stream.of(words))
                    .toList();
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("%s: %s", command, said).isZero();
            return said;
        } catch (IOException e) {
            throw new AssertionError("kubectl is on the PATH of `make test`", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private PodResource at(Pod pod) {
        return client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName());
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String describe() {
        return "In namespace " + namespace + ":\n"
                + client.resources(PlanetaryCluster.class).inNamespace(namespace).list().getItems().stream()
                        .map(c -> c.getMetadata().getName() + ": " + c.getStatus())
                        .collect(Collectors.joining("\n"))
                + "\n"
                + client.resources(PlanetaryJob.class).inNamespace(namespace).list().getItems().stream()
                        .map(j -> j.getMetadata().getName() + ": " + j.getStatus())
                        .collect(Collectors.joining("\n"))
                + "\n"
                + client.pods().inNamespace(namespace).list().getItems().stream()
                        .map(p -> p.getMetadata().getName() + ": " + p.getStatus())
                        .collect(Collectors.joining("\n"))
                + "\n"
                + client.events().v1().events().inNamespace(namespace).list().getItems().stream()
                        .map(e -> e.getReason() + ": " + e.getNote())
                        .collect(Collectors.joining("\n"))
                + "\n"
                + client.pods().inNamespace(namespace).list().getItems().stream()
                        .map(p -> p.getMetadata().getName() + " logged:\n" + log(p))
                        .collect(Collectors.joining("\n"));
    }

    private String log(Pod pod) {
        try {
            return at(pod).tailingLines(60).getLog();
        } catch (KubernetesClientException e) {
            return e.getMessage();
        }
    }

    private static String property(String name) {
        var value = System.getProperty(name, "");
        if (value.isBlank()) {
            throw new IllegalStateException(
                    "This test wants a cluster with the operator in it: run `make test`, which sets " + name);
        }
        return value;
    }
}
