package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.desired.Labels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The whole path: manifest, operator, pods, Dask, Planetary Computer data, and the numbers that plain numpy gives. */
class NdviE2E {
    private static final Path DEMO = Path.of("dev/demo");

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void aClusterOfOneAndTwoComputesNumpysNdviOfARealScene() throws IOException {
        // Given
        real.applyYaml(RealCluster.read(RealCluster.SAMPLES.resolve("ndvi-cluster.yaml")));
        var cluster = real.awaitReady("ndvi");
        var pod = real.clientPod("ndvi");
        try (var files = Files.list(DEMO)) {
            real.upload(pod, files.filter(f -> f.toString().endsWith(".py")).toArray(Path[]::new));
        }

        // When: it compares every number with plain numpy on the source arrays, and fails if one differs
        var result = real.exec(
                pod,
                "python",
                "/planetary/ndvi.py",
                "--out",
                "/planetary/out",
                "--workers",
                "2",
                "--check",
                "http://control.planetary-computer.svc:8080/source");

        // Then
        assertThat(result.output()).contains("every number is the one that numpy gives");
        assertThat(result.exitCode()).isZero();
        assertThat(cluster.getStatus().phase()).isEqualTo(Phase.Running);
        assertThat(cluster.getStatus().workers().ready()).isEqualTo(2);
        assertThat(real.pods("ndvi", Labels.SCHEDULER)).hasSize(1);
        assertThat(real.pods("ndvi", Labels.WORKER)).hasSize(2);
        assertThat(real.pods("ndvi", Labels.WORKER))
                .as("workers read without tokens in their graph, and get them from the broker")
                .allSatisfy(worker -> assertThat(
                                worker.getSpec().getContainers().getFirst().getEnv())
                        .anySatisfy(e -> {
                            assertThat(e.getName()).isEqualTo("VSICURL_PC_SAS_TOKEN_URL");
                            assertThat(e.getValue())
                                    .isEqualTo("http://planetary-sas-broker.planetary-system.svc/api/sas/v1/token/");
                        }));
        // What is said of nodes is the cluster's: some label theirs, some do not.
        assertThat(real.await("ndvi", Duration.ofSeconds(60), NdviE2E::located)
                        .getStatus()
                        .condition(Condition.DATA_LOCAL)
                        .orElseThrow()
                        .message())
                .startsWith("landsat-c2-l2 (storage account landsateuwest), naip (storage account naipeuwest),"
                        + " sentinel-2-l2a (storage account sentinel2l2a01) in westeurope; ");
        assertThat(real.exec(pod, "ls", "/planetary/out").output()).contains("scene.png", "dates.png", "mosaic.png");
    }

    private static boolean located(PlanetaryCluster cluster) {
        return cluster.getStatus()
                .condition(Condition.DATA_LOCAL)
                .filter(c -> !c.reason().equals("LocatingData") && !c.reason().equals("CatalogueUnavailable"))
                .isPresent();
    }
}
