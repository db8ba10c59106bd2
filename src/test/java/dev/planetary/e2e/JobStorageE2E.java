package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.desired.JobNames;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What jobs leave beyond their pods: in a volume, and in Blob Storage, which is the stand-in's Azurite under a real account's name. */
class JobStorageE2E {
    /** One of the stand-in's containers, and the key of all of its accounts (dev/standin/sas.py). */
    private static final String FOLDER = "https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/e2e/";

    private static final String KEY = Base64.getEncoder()
            .encodeToString("a key that everybody may know; it signs tokens for public pictures"
                    .getBytes(StandardCharsets.UTF_8));

    @RegisterExtension
    final RealCluster real = new RealCluster();

    private final List<String> volumes = new ArrayList<>();

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

    @Test
    void outputAndLogAreInTheVolumeThatTheJobNamed() {
        // Given
        real.applySmall("c", 1);
        volumeOfGroup1000("results");

        // When
        var job = real.applyJob(
                "writer",
                """
                script: |
                  import os, pathlib
                  pathlib.Path(os.environ["PLANETARY_OUTPUT"], "answer.txt").write_text("42")
                  print("the answer is in the volume")
                clusterRef: {name: c}
                output: {pvc: {claimName: results}}
                logs: {pvc: {claimName: results}}
                """
                        + RealCluster.SMALL_RUNNER);
        var written = real.awaitJob("writer", RealCluster.PATIENCE.multipliedBy(4), PlanetaryJobStatus::isFinal);
        assertThat(written.phase()).as(written.message()).isEqualTo(Phase.Succeeded);

        // Then another pod finds both, each where docs/jobs.md says
        var folder = JobNames.of(job).own();
        var reader = pod(
                "reader",
                "results",
                "import pathlib; print(pathlib.Path('/volume/%s/answer.txt').read_text(),".formatted(folder)
                        + " pathlib.Path('/volume/%s/%s/%s.log').read_text())"
                                .formatted(real.namespace(), folder, written.podName()));
        assertThat(real.client().pods().resource(reader).getLog()).isEqualTo("42 the answer is in the volume\n\n");
    }

    /**
     * A volume on the disk of the node, as there is no provisioner here. Only volumes of type local are given to the group that a pod
     * asks for, as an Azure disk is, and only hostPath makes folders: so each does what it can.
     */
    private void volumeOfGroup1000(String claim) {
        var path = "/var/tmp/planetary-e2e/" + real.namespace();
        volume("folder", "hostPath: {path: %s, type: DirectoryOrCreate}".formatted(path));
        var node = pod("maker", "folder", "pass").getSpec().getNodeName();
        volume(
                claim,
                """
                local: {path: %s}
                  nodeAffinity:
                    required:
                      nodeSelectorTerms:
                        - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [%s]}]
                """
                        .formatted(path, node));
    }

    private void volume(String claim, String where) {
        create(
                """
                apiVersion: v1
                kind: PersistentVolume
                metadata: {name: "%1$s-%2$s"}
                spec:
                  capacity: {storage: 1Mi}
                  accessModes: [ReadWriteMany]
                  storageClassName: ""
                  claimRef: {namespace: "%1$s", name: "%2$s"}
                  %3$s
                ---
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata: {name: "%2$s", namespace: "%1$s"}
                spec:
                  accessModes: [ReadWriteMany]
                  storageClassName: ""
                  volumeName: "%1$s-%2$s"
                  resources: {requests: {storage: 1Mi}}
                """
                        .formatted(real.namespace(), claim, where));
        volumes.add(real.namespace() + "-" + claim);
    }

    /** Runs a line of Python beside a volume, to its end. */
    private Pod pod(String name, String claim, String code) {
        create(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, namespace: %s}
                spec:
                  restartPolicy: Never
                  securityContext: {runAsUser: 1000, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
                  volumes: [{name: volume, persistentVolumeClaim: {claimName: %s}}]
                  containers:
                    - name: python
                      image: %s
                      command: [python, -c, "%s"]
                      volumeMounts: [{name: volume, mountPath: /volume}]
                      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
                """
                        .formatted(name, real.namespace(), claim, RealCluster.clientImage(), code));
        var pods = real.client().pods().inNamespace(real.namespace()).withName(name);
        var ended = pods.waitUntilCondition(
                p -> p != null && p.getStatus() != null && !TestedJobs.runs(p),
                RealCluster.PATIENCE.toSeconds(),
                TimeUnit.SECONDS);
        assertThat(ended.getStatus().getPhase()).as(pods.getLog()).isEqualTo("Succeeded");
        return ended;
    }

    private void create(String yaml) {
        real.client()
                .load(new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)))
                .create();
    }

    /** They belong to no namespace, so nothing takes them along. */
    @AfterEach
    void deleteVolumes() {
        volumes.forEach(name -> real.client().persistentVolumes().withName(name).delete());
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
