package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Jobs with real programs on real Dask, each with a cluster of its own. */
@Order(2) // long
class JobE2E {
    private static final Path DEMO = Path.of("dev/demo");
    private static final Duration LONG = RealCluster.PATIENCE.multipliedBy(4);

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void aJobWithItsOwnClusterComputesNumpysNdviAndFreesEverything() throws IOException {
        // Given the demo's program
        try (var files = Files.list(DEMO)) {
            real.client()
                    .resource(new ConfigMapBuilder()
                            .withNewMetadata()
                            .withName("demo")
                            .withNamespace(real.namespace())
                            .endMetadata()
                            .withData(files.filter(f -> f.toString().endsWith(".py"))
                                    .collect(Collectors.toMap(
                                            f -> f.getFileName().toString(), RealCluster::read)))
                            .build())
                    .create();
        }

        // When: it compares every number with plain numpy on the source arrays, and fails if one differs
        var job = real.applyJob(
                "ndvi",
                """
                cluster:
                %s
                command: [sh, -c]
                args:
                - >-
                  python /demo/ndvi.py --out /planetary/out --workers 2 --only scene
                  --check http://control.planetary-computer.svc:8080/source
                  && cp /planetary/out/numbers.json $PLANETARY_RESULT_FILE
                template:
                  spec:
                    containers:
                    - name: runner
                      volumeMounts: [{name: demo, mountPath: /demo}]
                    volumes: [{name: demo, configMap: {name: demo}}]
                """
                        .formatted(
                                """
                        scheduler:
                          resources: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 1Gi}}
                        workers:
                          replicas: 2
                          threads: 1
                          resources: {requests: {cpu: 100m, memory: 512Mi}, limits: {memory: 1Gi}}
                        """
                                        .indent(2)));

        // Then
        var end = real.awaitJob("ndvi", LONG, PlanetaryJobStatus::isFinal);
        assertThat(end.phase()).as(end.message()).isEqualTo(Phase.Succeeded);
        assertThat(end.result()).contains("\"checked\": true", "\"different\": []");
        assertThat(end.progress().total()).isPositive();
        assertThat(end.progress().done()).isEqualTo(end.progress().total());
        Awaitility.await().atMost(RealCluster.PATIENCE).until(() -> real.cluster(end.clusterName())
                .isEmpty());

        // When
        real.deleteJob("ndvi");

        // Then
        nothingIsLeftOf("ndvi", job.getMetadata().getUid());
    }

    @Test
    void aSuspendedJobHoldsNoPodsAndBeginsAnew() {
        // Given
        real.applyJob(
                "j",
                "cluster:\n" + RealCluster.small(1).indent(2)
                        + """
                        script: |
                          import os, time
                          from dask.distributed import Client
                          with Client() as client:
                              client.submit(lambda: 1).result()
                              if os.environ["PLANETARY_ATTEMPT"] == "0":
                                  time.sleep(600)
                              print(7)
                        """
                        + RealCluster.SMALL_RUNNER);
        real.awaitJob("j", Phase.Running);

        // When
        suspend("j", true);

        // Then
        var suspended = real.awaitJob("j", Phase.Suspended);
        assertThat(suspended.failures()).isZero();
        Awaitility.await()
                .atMost(RealCluster.PATIENCE)
                .until(() -> real.client().pods().inNamespace(real.namespace()).list().getItems().stream()
                        .noneMatch(TestedJobs::runs));

        // When
        suspend("j", false);

        // Then
        var end = real.awaitJob("j", LONG, PlanetaryJobStatus::isFinal);
        assertThat(end.phase()).as(end.message()).isEqualTo(Phase.Succeeded);
        assertThat(end.result()).isEqualTo("7");
        assertThat(end.failures() + end.interruptions()).isZero();
    }

    @Test
    void aJobDeletedInAnyPhaseFreesEverything() {
        var own = "cluster:\n" + RealCluster.small(1).indent(2) + RealCluster.SMALL_RUNNER;
        var phases = Map.of(
                "pending", own + "script: 'print(1)'\n",
                "starting", own + "script: 'print(1)'\nimage: no.such/image:1\n",
                "running", own + "script: 'import time; time.sleep(600)'\n",
                "succeeded", own + "clusterAfter: Stop\nscript: 'print(1)'\n",
                "failed", own + "clusterAfter: Stop\nscript: 'raise SystemExit(1)'\n");

        // Given
        phases.forEach(real::applyJob);
        var uids = phases.keySet().stream()
                .collect(Collectors.toMap(
                        name -> name,
                        name -> real.job(name).orElseThrow().getMetadata().getUid()));
        real.awaitJob("pending", Phase.Pending);

        // When
        real.deleteJob("pending");
        real.awaitJob("starting", Phase.Starting);
        real.deleteJob("starting");
        real.awaitJob("running", Phase.Running);
        real.deleteJob("running");
        real.awaitJob("succeeded", Phase.Succeeded);
        real.deleteJob("succeeded");
        real.awaitJob("failed", Phase.Failed);
        real.deleteJob("failed");

        // Then
        uids.forEach(this::nothingIsLeftOf);
    }

    @Test
    void aKeptClusterOutlivesAJobThatIsDeletedInTime() {
        // When
        real.applyJob(
                "j",
                "cluster:\n" + RealCluster.small(0).indent(2)
                        + "clusterAfter: Keep\nttlAfterFinished: 60s\nscript: 'print(1)'\n" + RealCluster.SMALL_RUNNER);

        // Then
        var cluster = real.awaitJob("j", Phase.Succeeded).clusterName();
        Awaitility.await().atMost(RealCluster.PATIENCE).until(() -> real.job("j")
                .isEmpty());
        assertThat(real.runners("j")).allMatch(p -> !TestedJobs.runs(p));
        assertThat(real.awaitReady(cluster).getMetadata().getOwnerReferences()).isEmpty();
    }

    private void suspend(String job, boolean suspend) {
        real.client()
                .resources(PlanetaryJob.class)
                .inNamespace(real.namespace())
                .withName(job)
                .patch(PatchContext.of(PatchType.JSON_MERGE), "spec: {suspend: " + suspend + "}");
    }

    /** Nothing that the job, or its own cluster, owned. */
    private void nothingIsLeftOf(String job, String uid) {
        var own = job + "-" + uid.substring(0, 5);
        Awaitility.await(job).atMost(RealCluster.PATIENCE).untilAsserted(() -> {
            assertThat(real.runners(job)).isEmpty();
            assertThat(real.client()
                            .resources(PlanetaryCluster.class)
                            .inNamespace(real.namespace())
                            .withLabel(Labels.JOB, job)
                            .list()
                            .getItems())
                    .isEmpty();
            assertThat(real.client()
                            .configMaps()
                            .inNamespace(real.namespace())
                            .withLabel(Labels.JOB, job)
                            .list()
                            .getItems())
                    .isEmpty();
            assertThat(real.client()
                            .pods()
                            .inNamespace(real.namespace())
                            .withLabel(Labels.CLUSTER, own)
                            .list()
                            .getItems())
                    .isEmpty();
            assertThat(real.client()
                            .secrets()
                            .inNamespace(real.namespace())
                            .withLabel(Labels.CLUSTER, own)
                            .list()
                            .getItems())
                    .isEmpty();
        });
    }
}
