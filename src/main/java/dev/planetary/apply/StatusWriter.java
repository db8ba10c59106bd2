package dev.planetary.apply;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.status.ClusterStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/**
 * Writes the status of clusters: only what changed, never over a change it has not seen, and mere counters at most once a second, or every
 * three on the way up.
 */
public final class StatusWriter {
    private static final Duration COUNTERS_EVERY = Duration.ofSeconds(1);
    /** On its way up nobody counts along: the end of it comes at once. */
    private static final Duration COUNTERS_OF_THE_WAY_UP_EVERY = Duration.ofSeconds(3);

    private final StatusUpdates<PlanetaryCluster> updates;
    private final Clock clock;

    public StatusWriter(KubernetesClient client, Clock clock) {
        this.updates = new StatusUpdates<>(client, clock, "cluster");
        this.clock = clock;
    }

    /** The newer of what the cache shows and what the last write answered. */
    public PlanetaryCluster freshest(PlanetaryCluster cached) {
        return updates.freshest(cached);
    }

    /**
     * Writes the status if it differs from what the cluster has.
     *
     * @return when to come again, if the write was put off
     */
    public Optional<Duration> write(PlanetaryCluster cluster, PlanetaryClusterStatus status) {
        if (status.equals(cluster.getStatus())) {
            return Optional.empty();
        }
        var written = updates.lastAt(cluster.getMetadata().getUid());
        if (written.isPresent() && ClusterStatus.onlyCountersDiffer(cluster.getStatus(), status)) {
            var due =
                    written.get().plus(status.phase() == Phase.Pending ? COUNTERS_OF_THE_WAY_UP_EVERY : COUNTERS_EVERY);
            if (clock.instant().isBefore(due)) {
                return Optional.of(Duration.between(clock.instant(), due));
            }
        }
        var update = new PlanetaryCluster();
        update.setMetadata(cluster.getMetadata());
        update.setSpec(cluster.getSpec());
        update.setStatus(status);
        return updates.write(update).again();
    }

    public void forget(String clusterUid) {
        updates.forget(clusterUid);
    }
}
