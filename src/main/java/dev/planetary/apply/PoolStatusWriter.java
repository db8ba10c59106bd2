package dev.planetary.apply;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the status of node pools: only what changed, and never over a change it has not seen. It keeps the answer of its last write, for
 * the cache may still show the object as it was before, and a trouble that is not remembered would be tried again at once.
 */
public final class PoolStatusWriter {
    private static final Logger LOG = LoggerFactory.getLogger(PoolStatusWriter.class);
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final ConcurrentMap<String, PlanetaryNodePool> last = new ConcurrentHashMap<>();
    private final KubernetesClient client;

    public PoolStatusWriter(KubernetesClient client) {
        this.client = client;
    }

    /** The newer of what the cache shows and what the last write answered. */
    public PlanetaryNodePool freshest(PlanetaryNodePool cached) {
        var written = last.get(cached.getMetadata().getUid());
        return written != null && version(written) > version(cached) ? written : cached;
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
        try {
            last.put(pool.getMetadata().getUid(), client.resource(update).updateStatus());
            return Optional.empty();
        } catch (KubernetesClientException e) {
            if (e.getCode() != 409 && e.getCode() != 404) {
                throw e;
            }
            LOG.atDebug()
                    .addKeyValue("nodePool", pool.getMetadata().getName())
                    .log("status not written: {}", e.getMessage());
            // 409: somebody changed the object; a change of labels alone makes no event for us. 404: it is gone.
            return e.getCode() == 409 ? Optional.of(AGAIN) : Optional.empty();
        }
    }

    public void forget(String uid) {
        last.remove(uid);
    }

    private static long version(PlanetaryNodePool pool) {
        try {
            return Long.parseLong(pool.getMetadata().getResourceVersion());
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
