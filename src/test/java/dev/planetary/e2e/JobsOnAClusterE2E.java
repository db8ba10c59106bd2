package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import java.time.Duration;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Jobs with real programs on a cluster that is there, alone or with others. */
class JobsOnAClusterE2E {
    private static final Duration LONG = RealCluster.PATIENCE.multipliedBy(4);

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void twentyJobsAtOnceShareAClusterEachWithItsOwnProgress() {
        // Given
        real.applySmall("shared", 2);
        real.awaitReady("shared");

        // When
        IntStream.range(0, 20)
                .forEach(i -> real.applyJob(
                        "job-" + i,
                        """
                        clusterRef: {name: shared}
                        parameters: {n: "%d"}
                        script: |
                          import os
                          from dask.distributed import Client
                          def work(i):
                              return i
                          with Client() as client:
                              n = int(os.environ["PARAM_N"])
                              print(sum(client.gather(client.map(work, range(n), pure=False))))
                        """
                                        .formatted(5 + i)
                                + RealCluster.SMALL_RUNNER));

        // Then
        IntStream.range(0, 20).forEach(i -> {
            var end = real.awaitJob("job-" + i, LONG, PlanetaryJobStatus::isFinal);
            assertThat(end.phase()).as("job-" + i + ": " + end.message()).isEqualTo(Phase.Succeeded);
            assertThat(end.result()).isEqualTo(String.valueOf((5 + i) * (4 + i) / 2));
            assertThat(end.progress()).as("job-" + i).isEqualTo(new PlanetaryJobStatus.Progress(5L + i, 5L + i, 100));
        });
    }

    @Test
    void aFailureIsRetriedAndItsLastWordsAreTold() {
        // Given
        real.applySmall("c", 1);
        real.awaitReady("c");

        // When
        real.applyJob(
                "j",
                """
                clusterRef: {name: c}
                retries: 1
                script: |
                  import os, sys
                  from dask.distributed import Client
                  with Client() as client:
                      if os.environ["PLANETARY_ATTEMPT"] == "0":
                          sys.exit("cannot read https://x.blob.core.windows.net/y?sig=abcdef")
                      print(client.submit(lambda: 42).result())
                """
                        + RealCluster.SMALL_RUNNER);

        // Then
        var end = real.awaitJob("j", LONG, PlanetaryJobStatus::isFinal);
        assertThat(end.phase()).as(end.message()).isEqualTo(Phase.Succeeded);
        assertThat(end.result()).isEqualTo("42");
        assertThat(end.attempts()).isEqualTo(2);
        assertThat(end.failures()).isEqualTo(1);
        var notes = real.client().events().v1().events().inNamespace(real.namespace()).list().getItems().stream()
                .filter(e -> "ProgramFailed".equals(e.getReason()))
                .map(e -> e.getNote())
                .toList();
        assertThat(notes).singleElement().satisfies(note -> assertThat(note)
                .contains("exit code 1", "cannot read https://x.blob.core.windows.net/y?sig=")
                .doesNotContain("abcdef"));
    }

    @Test
    void bothDeadlinesEndAJob() {
        // Given
        real.applySmall("c", 0);
        real.awaitReady("c");

        // When
        real.applyJob(
                "active",
                "clusterRef: {name: c}\nactiveDeadline: 5s\nscript: 'import time; time.sleep(600)'\n"
                        + RealCluster.SMALL_RUNNER);
        real.applyJob(
                "start",
                "clusterRef: {name: c}\nstartDeadline: 5s\nscript: 'print(1)'\nresources: {requests: {cpu: 1k}}\n");

        // Then
        assertThat(real.awaitJob("active", Phase.Failed).reason()).isEqualTo("ActiveDeadlineExceeded");
        var late = real.awaitJob("start", Phase.Failed);
        assertThat(late.reason()).isEqualTo("StartDeadlineExceeded");
        assertThat(late.message()).contains("Insufficient cpu");
        Awaitility.await()
                .atMost(RealCluster.PATIENCE)
                .until(() -> real.runners("active").stream().noneMatch(TestedJobs::runs)
                        && real.runners("start").stream().noneMatch(TestedJobs::runs));
    }

    @Test
    void aSchedulerKilledInMidJobCostsAnAttempt() {
        // Given
        real.applySmall("c", 1);
        real.awaitReady("c");
        real.applyJob(
                "j",
                """
                clusterRef: {name: c}
                retries: 2
                script: |
                  import os, time
                  from dask.distributed import Client
                  with Client() as client:
                      client.submit(lambda: 1).result()
                      seconds = 600 if os.environ["PLANETARY_ATTEMPT"] == "0" else 1
                      print(client.submit(lambda s: time.sleep(s) or s, seconds).result())
                """
                        + RealCluster.SMALL_RUNNER);
        real.awaitJob(
                "j",
                RealCluster.PATIENCE,
                s -> s.phase() == Phase.Running
                        && s.progress() != null
                        && s.progress().done() > 0);

        // When
        real.kill(real.scheduler("c"));

        // Then
        var end = real.awaitJob("j", LONG, PlanetaryJobStatus::isFinal);
        assertThat(end.phase()).as(end.message()).isEqualTo(Phase.Succeeded);
        assertThat(end.failures()).isEqualTo(1);
        assertThat(end.attempts()).isEqualTo(2);
    }
}
