package dev.planetary.apply;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/**
 * Writes the status of node pools: only what changed, and never over a change it has not seen. Without the answer of
 * its last write a trouble would not be remembered, and tried again at once.
 */
public final class PoolStatusWriter {
    private final StatusUpdates<PlanetaryNodePool> updates;

    public PoolStatusWriter(KubernetesClient client, Clock clock) {
        this.updates = new StatusUpdates<>(client, clock, "nodePool");
    }

    /** The newer of what the cache shows and what the last write answered. */
    public PlanetaryNodePool freshest(PlanetaryNodePool cached) {
        return updates.freshest(cached);
    }

    /**
     * Writes the status if it differs from what the pool has.
     *
     * @return when to come again, if it could not be written
     */
    public Optional<Duration> write(PlanetaryNodePool pool, PlanetaryNodePoolStatus status) {
        if (status.equals(pool.getStatus())) {
            return Optional.empty();
        }
        var update = new PlanetaryNodePool();
        update.setMetadata(pool.getMetadata());
        update.setSpec(pool.getSpec());
        update.setStatus(status);
        return updates.write(update).again();
    }

    public void forget(String uid) {
        updates.forget(uid);
    }
}
