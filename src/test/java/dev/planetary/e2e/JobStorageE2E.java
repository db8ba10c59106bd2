package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.desired.JobNames;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What jobs leave beyond their pods, in Blob Storage: the stand-in's Azurite, under a real storage account's name. */
class JobStorageE2E {
    /** One of the stand-in's containers, and the key of all of its accounts (dev/standin/sas.py). */
    private static final String FOLDER = "https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/e2e/";

    private static final String KEY = Base64.getEncoder()
            .encodeToString("a key that everybody may know; it signs tokens for public pictures"
                    .getBytes(StandardCharsets.UTF_8));

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void outputAndLogAreInTheBlobsThatTheJobNamed() {
        // Given
        real.client()
                .resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName("store")
                        .withNamespace(real.namespace())
                        .endMetadata()
                        .withStringData(Map.of("AZURE_STORAGE_ACCOUNT_KEY", KEY))
                        .build())
                .create();
        real.applySmall("c", 1);

        // When
        var job = real.applyJob(
                "writer",
                """
                script: |
                  import os, sys
                  from azure.storage.blob import BlobClient
                  from dask.distributed import Client
                  with Client() as client:
                      answer = client.submit(lambda: 42).result()
                  key = os.environ["AZURE_STORAGE_ACCOUNT_KEY"]
                  url = os.environ["PLANETARY_OUTPUT_URL"] + "/answer.txt"
                  BlobClient.from_blob_url(url, credential=key).upload_blob(str(answer))
                  print("the answer is in the blob", file=sys.stderr)
                  print(f"and this is no secret: sig={key}")
                """
                        + stored());
        var written = real.awaitJob("writer", RealCluster.PATIENCE.multipliedBy(4), PlanetaryJobStatus::isFinal);
        assertThat(written.phase()).as(written.message()).isEqualTo(Phase.Succeeded);

        // Then another job finds both
        real.applyJob(
                "reader",
                """
                script: |
                  import os
                  from azure.storage.blob import BlobClient
                  key = os.environ["AZURE_STORAGE_ACCOUNT_KEY"]
                  def read(url):
                      return BlobClient.from_blob_url(url, credential=key).download_blob().readall().decode()
                  print(repr([read(os.environ["PARAM_OUTPUT"]), read(os.environ["PARAM_LOG"])]))
                  with open(os.environ["PLANETARY_RESULT_FILE"], "w") as file:
                      file.write(read(os.environ["PARAM_OUTPUT"]) + ": " + read(os.environ["PARAM_LOG"]))
                parameters:
                  output: %s
                  log: %s
                """
                                .formatted(
                                        FOLDER + "output/" + JobNames.of(job).own() + "/answer.txt",
                                        FOLDER + "logs/" + written.podName() + ".log")
                        + stored());
        var read = real.awaitJob("reader", RealCluster.PATIENCE.multipliedBy(4), PlanetaryJobStatus::isFinal);
        assertThat(read.phase()).as(read.message()).isEqualTo(Phase.Succeeded);
        assertThat(read.result())
                .startsWith("42: ")
                .contains("the answer is in the blob", "and this is no secret: sig=")
                .doesNotContain(KEY);
    }

    private static String stored() {
        return """
                clusterRef: {name: c}
                output: {azureBlob: {url: %soutput, secretName: store}}
                logs: {azureBlob: {url: %slogs, secretName: store}}
                """
                        .formatted(FOLDER, FOLDER)
                + RealCluster.SMALL_RUNNER;
    }
}
