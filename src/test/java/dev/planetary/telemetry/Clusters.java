package dev.planetary.telemetry;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.GroupStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Instant;
import java.util.List;

/** Clusters as an informer's cache shows them. */
final class Clusters {
    static final Instant CREATED = Instant.parse("2026-01-01T00:00:00Z");

    private Clusters() {}

    /** Just made: without a status. */
    static PlanetaryCluster made(String name) {
        var cluster = new PlanetaryCluster();
        cluster.setMetadata(new ObjectMetaBuilder()
                .withName(name)
                .withNamespace("team-a")
                .withUid("uid-" + name)
                .withCreationTimestamp(CREATED.toString())
                .build());
        return cluster;
    }

    static PlanetaryCluster with(String name, PlanetaryClusterStatus status) {
        var cluster = made(name);
        cluster.setStatus(status);
        return cluster;
    }

    static PlanetaryClusterStatus ready(int workers) {
        return status(
                Phase.Running,
                Status.True,
                "Running",
                1,
                new GroupStatus("default", workers, workers, 0),
                new GroupStatus("gpu", 0, 0, 0));
    }

    static PlanetaryClusterStatus unready(Phase phase, String reason, long secondsAfterCreation) {
        return status(phase, Status.False, reason, secondsAfterCreation, new GroupStatus("default", 2, 0, 1));
    }

    static PlanetaryClusterStatus suspended() {
        return status(Phase.Suspended, Status.True, "Suspended", 0, new GroupStatus("default", 0, 0, 0));
    }

    private static PlanetaryClusterStatus status(
            Phase phase, Status ready, String reason, long since, GroupStatus... groups) {
        return new PlanetaryClusterStatus(
                1L,
                phase,
                List.of(new Condition(
                        Condition.READY, ready, 1L, CREATED.plusSeconds(since).toString(), reason, "in words")),
                null,
                null,
                List.of(groups));
    }
}
