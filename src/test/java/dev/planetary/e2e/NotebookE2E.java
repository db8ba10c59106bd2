package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import io.fabric8.kubernetes.api.model.EmptyDirVolumeSource;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** JupyterLab by the sample's manifests; in it a notebook makes a cluster in one line, computes, sees the dashboard and leaves. */
class NotebookE2E {
    private static final Path SAMPLE = Path.of("deploy/jupyter/jupyterlab");
    private static final String JUPYTERLAB = "jupyterlab";

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void aNotebookInJupyterLabMakesAClusterComputesSeesTheDashboardAndLeaves() {
        // Given
        var pod = jupyterlab();
        for (var file : List.of("examples/ndvi_time_series.ipynb", "src/test/resources/e2e/notebook.py")) {
            real.client()
                    .pods()
                    .inNamespace(real.namespace())
                    .withName(pod.getMetadata().getName())
                    .file("/home/dask/" + Path.of(file).getFileName())
                    .upload(Path.of(file));
        }

        // When
        var result = real.exec(pod, "python", "notebook.py", "ndvi_time_series.ipynb");

        // Then
        assertThat(result.output())
                .containsSubsequence(
                        "Creating cluster ",
                        " in namespace " + real.namespace(),
                        "Scheduler running",
                        "Connecting inside the Kubernetes cluster",
                        "Ready, dashboard at /proxy/",
                        "8 scenes",
                        "{\"2020-06-12\": ",
                        "link /proxy/",
                        "plots ",
                        "stranger http://127.0.0.1:8888/login?next=",
                        "deleted");
        assertThat(result.exitCode()).isZero();
        Awaitility.await().atMost(RealCluster.PATIENCE).until(() -> real.client()
                .resources(PlanetaryCluster.class)
                .inNamespace(real.namespace())
                .list()
                .getItems()
                .isEmpty());
    }

    /** The sample's pod, with a home that ends with it, and trust in the stand-in. */
    private Pod jupyterlab() {
        var client = real.client();
        client.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName(JUPYTERLAB)
                        .withNamespace(real.namespace())
                        .endMetadata()
                        .addToStringData("token", "for-the-test")
                        .build())
                .create();
        real.createTrusted();
        Stream.of("rights.yaml", "jupyterlab.yaml")
                .flatMap(
                        file -> Stream.of(RealCluster.read(SAMPLE.resolve(file)).split("(?m)^---$")))
                .map(yaml -> client.getKubernetesSerialization().<HasMetadata>unmarshal(yaml))
                .filter(object -> !object.getKind().equals("PersistentVolumeClaim"))
                .forEach(object -> {
                    object.getMetadata().setNamespace(real.namespace());
                    if (object instanceof Deployment deployment) {
                        mine(deployment);
                    }
                    client.resource(object).create();
                });
        client.apps()
                .deployments()
                .inNamespace(real.namespace())
                .withName(JUPYTERLAB)
                .waitUntilCondition(
                        d -> d.getStatus() != null
                                && Integer.valueOf(1).equals(d.getStatus().getReadyReplicas()),
                        RealCluster.PATIENCE.toSeconds(),
                        TimeUnit.SECONDS);
        return client.pods()
                .inNamespace(real.namespace())
                .withLabel("app.kubernetes.io/name", JUPYTERLAB)
                .list()
                .getItems()
                .getFirst();
    }

    private static void mine(Deployment deployment) {
        var spec = deployment.getSpec().getTemplate().getSpec();
        var container = spec.getContainers().getFirst();
        container.setImage(System.getProperty("planetary.e2e.client-jupyter-image"));
        for (var name : List.of("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")) {
            container
                    .getEnv()
                    .add(new EnvVarBuilder()
                            .withName(name)
                            .withValue("/etc/trusted/ca.crt")
                            .build());
        }
        container
                .getVolumeMounts()
                .add(new VolumeMountBuilder()
                        .withName("trusted")
                        .withMountPath("/etc/trusted")
                        .build());
        spec.getVolumes()
                .add(new VolumeBuilder()
                        .withName("trusted")
                        .withNewConfigMap()
                        .withName("trusted")
                        .endConfigMap()
                        .build());
        var home = spec.getVolumes().stream()
                .filter(v -> v.getName().equals("home"))
                .findFirst()
                .orElseThrow();
        home.setPersistentVolumeClaim(null);
        home.setEmptyDir(new EmptyDirVolumeSource());
    }
}
