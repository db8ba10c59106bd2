package dev.planetary.apply;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.status.ClusterStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the status of clusters: only what changed, never over a change it has not seen, and mere counters at most once a second, or every
 * three on the way up.
 * It keeps the answer of its last write, for the cache may still show the object as it was before.
 */
public final class StatusWriter {
    private static final Logger LOG = LoggerFactory.getLogger(StatusWriter.class);
    private static final Duration COUNTERS_EVERY = Duration.ofSeconds(1);
    /** On its way up nobody counts along: the end of it comes at once. */
    private static final Duration COUNTERS_OF_THE_WAY_UP_EVERY = Duration.ofSeconds(3);

    private record Written(PlanetaryCluster cluster, Instant at) {}

    private final ConcurrentMap<String, Written> last = new ConcurrentHashMap<>();
    private final KubernetesClient client;
    private final Clock clock;

    public StatusWriter(KubernetesClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    /** The newer of what the cache shows and what the last write answered. */
    public PlanetaryCluster freshest(PlanetaryCluster cached) {
        var written = last.get(cached.getMetadata().getUid());
        return written != null && version(written.cluster) > version(cached) ? written.cluster : cached;
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
        var uid = cluster.getMetadata().getUid();
        var written = last.get(uid);
        if (written != null && ClusterStatus.onlyCountersDiffer(cluster.getStatus(), status)) {
            var due = written.at.plus(status.phase() == Phase.Pending ? COUNTERS_OF_THE_WAY_UP_EVERY : COUNTERS_EVERY);
            if (clock.instant().isBefore(due)) {
                return Optional.of(Duration.between(clock.instant(), due));
            }
        }
        var update = new PlanetaryCluster();
        update.setMetadata(cluster.getMetadata());
        update.setSpec(cluster.getSpec());
        update.setStatus(status);
        try {
            last.put(uid, new Written(client.resource(update).updateStatus(), clock.instant()));
        } catch (KubernetesClientException e) {
            if (e.getCode() != 409 && e.getCode() != 404) {
                throw e;
            }
            LOG.atDebug()
                    .addKeyValue("cluster", cluster.getMetadata().getName())
                    .log("status not written: {}", e.getMessage());
            // 409: somebody changed the object; a change of labels alone makes no event for us. 404: it is gone.
            return e.getCode() == 409 ? Optional.of(COUNTERS_EVERY) : Optional.empty();
        }
        return Optional.empty();
    }

    public void forget(String clusterUid) {
        last.remove(clusterUid);
    }

    private static long version(PlanetaryCluster cluster) {
        try {
            return Long.parseLong(cluster.getMetadata().getResourceVersion());
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
