package dev.planetary.telemetry;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Tells the first time that a cluster is ready from all later ones, across restarts of the operator, by its status alone: it counts
 * only who was seen without a status, or on its first way up. In doubt it does not count: a lost sample is better than a wrong one.
 */
final class FirstReady {
    /** On its first way up a cluster is not ready since its first status, which comes with its creation. */
    private static final Duration FIRST_STATUS_WITHIN = Duration.ofSeconds(10);

    private final ConcurrentMap<String, Boolean> awaited = new ConcurrentHashMap<>();

    /** From creation to ready, if this is the first time; creation is known by the second only. */
    Optional<Duration> note(PlanetaryCluster cluster, PlanetaryClusterStatus now, Instant at) {
        var uid = cluster.getMetadata().getUid();
        var first = awaited.computeIfAbsent(uid, _ -> neverReady(cluster));
        // The time of who was made suspended is its user's.
        if (!first || now.phase() == Phase.Suspended || now.phase() == Phase.Stopped) {
            awaited.put(uid, false);
            return Optional.empty();
        }
        if (now.condition(Condition.READY)
                .filter(c -> c.status() == Status.True)
                .isEmpty()) {
            return Optional.empty();
        }
        awaited.put(uid, false);
        return Optional.of(Duration.between(created(cluster), at)).filter(d -> !d.isNegative());
    }

    void forget(String clusterUid) {
        awaited.remove(clusterUid);
    }

    private static boolean neverReady(PlanetaryCluster cluster) {
        var status = cluster.getStatus();
        return status == null
                || (status.phase() == Phase.Pending || status.phase() == Phase.Failed)
                        && status.condition(Condition.READY)
                                .filter(c -> c.status() == Status.False)
                                .map(c -> Instant.parse(c.lastTransitionTime()))
                                .filter(since -> !since.isAfter(created(cluster).plus(FIRST_STATUS_WITHIN)))
                                .isPresent();
    }

    private static Instant created(PlanetaryCluster cluster) {
        return Instant.parse(cluster.getMetadata().getCreationTimestamp());
    }
}
