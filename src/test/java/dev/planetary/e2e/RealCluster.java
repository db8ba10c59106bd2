package dev.planetary.e2e;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.it.Clients;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
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
        implements TestedClusters,
                TestedJobs,
                TestedPods,
                BeforeAllCallback,
                BeforeEachCallback,
                AfterTestExecutionCallback,
                AfterEachCallback,
                AfterAllCallback {
    static final Path SAMPLES = Path.of("deploy/manifests/samples");
    /** Long enough for a busy two-core machine; a test that passes takes seconds. */
    static final Duration PATIENCE = Duration.ofSeconds(120);
    /** In a job's spec: as small as a Python with Dask can be. */
    static final String SMALL_RUNNER = "resources: {requests: {cpu: 20m, memory: 100Mi}, limits: {memory: 512Mi}}\n";

    private KubernetesClient client;
    private String namespace;
    private boolean ofClass;

    @Override
    public KubernetesClient client() {
        return client;
    }

    @Override
    public String namespace() {
        return namespace;
    }

    DeployedOperator operator() {
        return new DeployedOperator(client);
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
        client = Clients.of(Config.fromKubeconfig(kubeconfig().toFile())).build();
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
        context.getExecutionException().ifPresent(e -> System.err.println(Scene.of(client, namespace)));
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

    /** In a cluster's spec: one scheduler and so many workers of one thread, as small as Dask can be. */
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

    static Condition ready(PlanetaryCluster cluster) {
        return cluster.getStatus().condition(Condition.READY).orElseThrow();
    }

    static List<String> uids(Collection<Pod> pods) {
        return pods.stream().map(p -> p.getMetadata().getUid()).toList();
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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

    private static String property(String name) {
        var value = System.getProperty(name, "");
        if (value.isBlank()) {
            throw new IllegalStateException(
                    "This test wants a cluster with the operator in it: run `make test`, which sets " + name);
        }
        return value;
    }
}
