package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.desired.Labels;
import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Valid specs that cannot work: the status says why, in the words of whoever refuses, within seconds; and a good spec heals. */
class TroubleE2E {
    private static final Duration SECONDS = Duration.ofSeconds(10);

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void anImageThatIsNotThere() {
        // When
        real.applySmall("c", 1, "image: localhost/planetary/nothing:here");

        // Then
        var cluster = real.await("c", SECONDS, says("ImagePull"));
        assertThat(RealCluster.ready(cluster).message())
                .containsPattern("c-(scheduler|default)-0: (ErrImagePull|ImagePullBackOff)")
                .contains("localhost/planetary/nothing:here");

        // And a good spec heals
        real.applySmall("c", 1);
        real.awaitReady("c");
    }

    @Test
    void workersThatNoNodeHasRoomFor() {
        // When
        real.apply(
                "c",
                """
                scheduler:
                  resources: {requests: {cpu: 20m, memory: 200Mi}}
                workers:
                  resources: {limits: {cpu: 1000, memory: 256Mi}}
                """);

        // Then
        var cluster = real.await("c", SECONDS, says("WorkerUnschedulable"));
        assertThat(RealCluster.ready(cluster).message()).contains("c-default-0").contains("Insufficient cpu");
        assertThat(cluster.getStatus().phase()).isEqualTo(Phase.Pending);
    }

    @Test
    void aWorkerThatCrashesSaysItsLastWordsInTheStatus() {
        // When
        real.applySmall(
                "c",
                1,
                """
                  template:
                    spec:
                      containers:
                      - {name: dask, command: [sh, -c, "echo boom >&2; exit 3"]}
                """);

        // Then
        var cluster = real.await(
                "c", RealCluster.PATIENCE, c -> RealCluster.ready(c).message().contains("boom"));
        assertThat(RealCluster.ready(cluster).reason()).isEqualTo("WorkerCrashLoopBackOff");
        assertThat(RealCluster.ready(cluster).message()).contains("c-default-0").contains("exit code 3");
    }

    @Test
    void podSecurityRefusesATemplateAndTheOldSpecHeals() {
        // When
        real.applySmall("c", 1, HOST_NETWORK);

        // Then
        var cluster = real.await("c", SECONDS, c -> stalled(c).isPresent());
        assertThat(stalled(cluster).orElseThrow().reason()).isEqualTo("PodSecurity");
        assertThat(stalled(cluster).orElseThrow().message())
                .contains("violates PodSecurity")
                .contains("hostNetwork");
        assertThat(RealCluster.ready(cluster).status()).isEqualTo(Status.False);

        // And a good spec heals
        real.applySmall("c", 1);
        cluster = real.awaitReady("c");
        assertThat(stalled(cluster)).isEmpty();
    }

    @Test
    void aBadChangeLeavesARunningClusterAsItIs() {
        // Given
        real.applySmall("c", 1);
        real.awaitReady("c");
        var scheduler = RealCluster.uids(real.pods("c", Labels.SCHEDULER));
        var workers = RealCluster.uids(real.workers("c"));

        // When
        real.applySmall("c", 1, HOST_NETWORK);

        // Then
        var cluster = real.await("c", SECONDS, c -> stalled(c).isPresent());
        assertThat(stalled(cluster).orElseThrow().message())
                .contains("hostNetwork")
                .contains("last good spec stays in force");
        assertThat(cluster.getStatus().workers().ready()).isEqualTo(1);

        // And taken back
        real.applySmall("c", 1);
        cluster = real.awaitReady("c");
        assertThat(stalled(cluster)).isEmpty();
        assertThat(RealCluster.uids(real.pods("c", Labels.SCHEDULER))).isEqualTo(scheduler);
        assertThat(RealCluster.uids(real.workers("c"))).isEqualTo(workers);
    }

    /** Continues {@code workers}. */
    private static final String HOST_NETWORK =
            """
              template:
                spec: {hostNetwork: true}
            """;

    private static Predicate<PlanetaryCluster> says(String reason) {
        return c -> RealCluster.ready(c).status() == Status.False
                && RealCluster.ready(c).reason().contains(reason);
    }

    private static java.util.Optional<Condition> stalled(PlanetaryCluster cluster) {
        return cluster.getStatus().condition(Condition.STALLED);
    }
}
