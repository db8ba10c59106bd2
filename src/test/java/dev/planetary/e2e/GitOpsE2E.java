package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.desired.Labels;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A cluster and a job in a Git repository, applied by a real GitOps controller. */
@Order(2) // long
class GitOpsE2E {
    /** For how long nothing may be written. */
    private static final Duration QUIET = Duration.ofSeconds(Long.getLong("planetary.e2e.quiet", 60));

    private static final String JOB =
            """
            apiVersion: planetary.dev/v1alpha1
            kind: PlanetaryJob
            metadata: {name: sum}
            spec:
              clusterRef: {name: c}
              script: |
                from dask.distributed import Client
                with Client() as client:
                    print(client.submit(sum, range(10)).result())
            """
                    + RealCluster.SMALL_RUNNER.indent(2);

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @TempDir
    Path folder;

    @Test
    void whatIsInGitIsSyncedHealsWhenAChangeIsRevertedAndIsLeftAloneByAutoscalingAndIdleness() throws IOException {
        // Given
        try (var repository = new GitRepository(folder);
                var flux = new Flux(real, repository)) {
            // When
            var good = repository.commit("A cluster and a job", Map.of("cluster.yaml", cluster(""), "job.yaml", JOB));
            flux.publish(good);

            // Then both are there, and healthy
            flux.awaitReady(good);
            assertThat(real.job("sum").orElseThrow().getStatus().phase()).isEqualTo(PlanetaryJobStatus.Phase.Succeeded);
            assertThat(real.job("sum").orElseThrow().getStatus().result()).isEqualTo("45");
            var scheduler = RealCluster.uids(real.pods("c", Labels.SCHEDULER));
            var workers = RealCluster.uids(real.workers("c"));

            // When a change cannot work
            var broken = repository.commit("A mistake", Map.of("cluster.yaml", cluster(HOST_NETWORK)));
            flux.publish(broken);

            // Then that is told, and nothing is lost
            assertThat(flux.awaitUnhealthy(broken)).contains("PlanetaryCluster/" + real.namespace() + "/c");
            assertThat(real.cluster("c").orElseThrow().getStatus().condition(Condition.STALLED))
                    .hasValueSatisfying(c -> assertThat(c.message()).contains("last good spec stays in force"));

            // When it is taken back
            var healed = repository.revert();
            flux.publish(healed);

            // Then
            flux.awaitReady(healed);
            assertThat(RealCluster.uids(real.pods("c", Labels.SCHEDULER))).isEqualTo(scheduler);
            assertThat(RealCluster.uids(real.workers("c"))).isEqualTo(workers);

            // And the operator's own doings are no drift
            leavesAlone(repository, flux);

            // When nobody wants it any more
            flux.delete();

            // Then
            Awaitility.await("end of the cluster").atMost(RealCluster.PATIENCE).until(() -> real.cluster("c")
                    .isEmpty());
            assertThat(real.job("sum")).isEmpty();
        }
    }

    private void leavesAlone(GitRepository repository, Flux flux) throws IOException {
        // Given a cluster that stops when nobody uses it
        var idle = repository.commit("Stop soon", Map.of("cluster.yaml", cluster("  idleTimeout: 20s\n")));
        flux.publish(idle);
        flux.awaitReady(idle);
        var begin = Instant.now();

        try (var told = real.listen("c")) {
            // When there is more work than one worker can do, and then none
            real.applyJob(
                    "work",
                    """
                    clusterRef: {name: c}
                    script: |
                      import time
                      from dask.distributed import Client
                      with Client() as client:
                          print(sum(client.gather(client.map(lambda i: time.sleep(1) or i, range(40), pure=False))))
                    """
                            + RealCluster.SMALL_RUNNER);
            real.awaitJob("work", PlanetaryJobStatus.Phase.Succeeded);
            real.await("c", RealCluster.PATIENCE, c -> RealCluster.ready(c)
                    .reason()
                    .equals("Stopped"));

            // Then it grew
            assertThat(told.statuses())
                    .extracting(s -> s.workers().desired())
                    .as("workers")
                    .contains(2);
            assertThat(told.statuses())
                    .extracting(PlanetaryClusterStatus::phase)
                    .contains(PlanetaryClusterStatus.Phase.Running, PlanetaryClusterStatus.Phase.Stopped);
        }
        var stopped = Instant.now();
        Awaitility.await("quiet")
                .atMost(QUIET.plusMinutes(1))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> Instant.now().isAfter(begin.plus(QUIET))
                        && Instant.now().isAfter(stopped.plus(Flux.INTERVAL.multipliedBy(4))));

        // And Flux compared again and again, before and after, and found nothing to write
        assertThat(compared(begin, stopped)).as("comparisons while it worked").isPositive();
        assertThat(compared(stopped, Instant.now()))
                .as("comparisons of the stopped cluster")
                .isGreaterThan(1);
        assertThat(AuditLog.actingAs(real.namespace(), Flux.ACCOUNT, false, begin))
                .filteredOn(AuditLog.Request::writes)
                .as("written by Flux")
                .isEmpty();
        // While it compares, it is not for a moment.
        flux.awaitReady(idle);
        // Applying the same manifest again and again woke nobody
        assertThat(RealCluster.ready(real.cluster("c").orElseThrow()).reason()).isEqualTo("Stopped");
    }

    private long compared(Instant from, Instant until) {
        return AuditLog.actingAs(real.namespace(), Flux.ACCOUNT, true, from).stream()
                .filter(r -> r.resource().equals("planetaryclusters") && r.at().isBefore(until))
                .count();
    }

    /** Continues {@code workers}: pod security refuses it. */
    private static final String HOST_NETWORK =
            """
                template:
                  spec: {hostNetwork: true}
            """;

    private static String cluster(String more) {
        return """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryCluster
                metadata: {name: c}
                spec:
                """
                + RealCluster.small(1).indent(2)
                + "    autoscale: {min: 1, max: 2}\n"
                + more;
    }
}
