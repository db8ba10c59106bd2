package dev.planetary.e2e;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.planetary.it.Crds;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Flux's kustomize-controller, as a process of this machine that looks after one namespace, with the objects of {@code deploy/flux}. In
 * place of source-controller, {@link #publish} tells it of commits, by an ExternalArtifact, which is Flux's way for sources of others.
 */
final class Flux implements AutoCloseable {
    /** Whom it acts as; deploy/flux gives it its rights. */
    static final String ACCOUNT = "planetary-sync";

    /** How often it compares the cluster with the repository. */
    static final Duration INTERVAL = Duration.ofSeconds(5);

    private static final String NAME = "planetary";

    private final RealCluster real;
    private final GitRepository repository;
    private final Process controller;
    private final Path log;

    Flux(RealCluster real, GitRepository repository) throws IOException {
        this.real = real;
        this.repository = repository;
        var programs = System.getProperty("planetary.e2e.flux", "");
        assumeFalse(programs.isBlank(), "there is no Go here to build Flux's kustomize-controller with");
        load(Files.readString(Path.of(programs, "crds.yaml"))).forEach(crd -> Crds.install(client(), crd, "e2e"));
        apply(
                """
                apiVersion: source.toolkit.fluxcd.io/v1
                kind: ExternalArtifact
                metadata: {name: %s}
                spec: {}
                """
                        .formatted(NAME));
        apply(sync());
        log = Files.createTempFile("kustomize-controller", ".log");
        var start = new ProcessBuilder(
                        Path.of(programs, "kustomize-controller").toString(),
                        "--watch-all-namespaces=false",
                        "--feature-gates=ExternalArtifact=true",
                        "--metrics-addr=0",
                        "--health-addr=0")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        start.environment()
                .putAll(Map.of(
                        "RUNTIME_NAMESPACE",
                        real.namespace(),
                        "KUBECONFIG",
                        RealCluster.kubeconfig().toAbsolutePath().toString()));
        controller = start.start();
    }

    /** What deploy/flux says, but for where the files come from, and with less patience. */
    private String sync() throws IOException {
        return Files.readString(Path.of("deploy/flux/sync.yaml"))
                .replaceFirst("(?s)^.*?\n---\n", "")
                .replace("kind: GitRepository", "kind: ExternalArtifact")
                .replace("team-a", real.namespace())
                .replace("interval: 10m", "interval: " + INTERVAL.toSeconds() + "s")
                .replace("retryInterval: 1m", "retryInterval: 2s")
                .replace("timeout: 30m", "timeout: 3m");
    }

    /** Tells it that this commit is the newest. */
    void publish(String commit) throws IOException {
        var archive = repository.archive(commit);
        artifact().editStatus(source -> {
            source.setAdditionalProperty(
                    "status",
                    Map.of(
                            "artifact",
                            Map.of(
                                    "url", repository.url(commit),
                                    "path", commit + ".tar.gz",
                                    "revision", revision(commit),
                                    "digest", GitRepository.digest(archive),
                                    "size", archive.length,
                                    "lastUpdateTime", Instant.now().toString()),
                            "conditions",
                            List.of(Map.of(
                                    "type", "Ready",
                                    "status", "True",
                                    "reason", "Succeeded",
                                    "message", "stored",
                                    "observedGeneration", 1,
                                    "lastTransitionTime", Instant.now().toString()))));
            return source;
        });
    }

    /** Waits until it calls this commit applied and all of it healthy. */
    void awaitReady(String commit) {
        await("ready at " + commit, k -> "True".equals(ready(k, "status")) && at(k, commit));
    }

    /** Waits until it calls this commit's objects unhealthy; what it says. */
    String awaitUnhealthy(String commit) {
        return ready(
                await(
                        "unhealthy at " + commit,
                        k -> "False".equals(ready(k, "status"))
                                && "HealthCheckFailed".equals(ready(k, "reason"))
                                && revision(commit).equals(k.<String>get("status", "lastAttemptedRevision"))),
                "message");
    }

    private static boolean at(GenericKubernetesResource kustomization, String commit) {
        return revision(commit).equals(kustomization.<String>get("status", "lastAppliedRevision"));
    }

    /** Deletes what it looks after, and with that all that it has made. */
    void delete() {
        kustomization().delete();
        Awaitility.await("the end of the Kustomization")
                .atMost(RealCluster.PATIENCE)
                .until(() -> kustomization().get() == null);
    }

    @Override
    public void close() throws IOException {
        try {
            // While the controller is there to let go of it, or the namespace would never end.
            delete();
        } finally {
            controller.destroy();
            Files.delete(log);
        }
    }

    private GenericKubernetesResource await(String what, Predicate<GenericKubernetesResource> expected) {
        try {
            return Awaitility.await()
                    .atMost(RealCluster.PATIENCE.multipliedBy(2))
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> kustomization().get(), k -> k.get("status") != null && expected.test(k));
        } catch (ConditionTimeoutException e) {
            var lines = RealCluster.read(log).lines().toList();
            throw new AssertionError(
                    "the Kustomization is not %s, but %s; Flux said: %s"
                            .formatted(
                                    what,
                                    kustomization().get().<Object>get("status"),
                                    String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()))),
                    e);
        }
    }

    private static String revision(String commit) {
        return "main@sha1:" + commit;
    }

    private static String ready(GenericKubernetesResource kustomization, String field) {
        List<Map<String, Object>> conditions = Optional.<List<Map<String, Object>>>ofNullable(
                        kustomization.get("status", "conditions"))
                .orElse(List.of());
        return conditions.stream()
                .filter(c -> "Ready".equals(c.get("type")))
                .map(c -> String.valueOf(c.get(field)))
                .findFirst()
                .orElse("");
    }

    private Resource<GenericKubernetesResource> kustomization() {
        return client().genericKubernetesResources("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
                .inNamespace(real.namespace())
                .withName(NAME);
    }

    private Resource<GenericKubernetesResource> artifact() {
        return client().genericKubernetesResources("source.toolkit.fluxcd.io/v1", "ExternalArtifact")
                .inNamespace(real.namespace())
                .withName(NAME);
    }

    private void apply(String yaml) {
        load(yaml).forEach(o -> client().resource(o)
                .inNamespace(real.namespace())
                .fieldManager("e2e")
                .forceConflicts()
                .serverSideApply());
    }

    private List<HasMetadata> load(String yaml) {
        return client().load(new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)))
                .items();
    }

    private KubernetesClient client() {
        return real.client();
    }
}
