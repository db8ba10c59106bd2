package dev.planetary.apply;

import io.fabric8.kubernetes.api.model.HasMetadata;
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
 * Writes whole statuses, never over a change that was not seen, and keeps the answer of each object's last write: the cache may still show
 * the object as it was before.
 *
 * @param <T> the kind of object
 */
final class StatusUpdates<T extends HasMetadata> {
    private static final Logger LOG = LoggerFactory.getLogger(StatusUpdates.class);
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private record Written<T>(T object, Instant at) {}

    private final ConcurrentMap<String, Written<T>> last = new ConcurrentHashMap<>();
    private final KubernetesClient client;
    private final Clock clock;
    private final String logKey;

    /** @param logKey under which an object's name is in the log */
    StatusUpdates(KubernetesClient client, Clock clock, String logKey) {
        this.client = client;
        this.clock = clock;
        this.logKey = logKey;
    }

    /** The newer of what the cache shows and what the last write answered. */
    T freshest(T cached) {
        var written = last.get(cached.getMetadata().getUid());
        return written != null && version(written.object) > version(cached) ? written.object : cached;
    }

    /** When this object's status was last written by this process. */
    Optional<Instant> lastAt(String uid) {
        return Optional.ofNullable(last.get(uid)).map(Written::at);
    }

    StatusWrite write(T update) {
        try {
            var answer = client.resource(update).updateStatus();
            last.put(
                    update.getMetadata().getUid(),
                    new Written<>(LeanAnswers.completed(update, answer), clock.instant()));
            return new StatusWrite(true, Optional.empty());
        } catch (KubernetesClientException e) {
            if (e.getCode() != 409 && e.getCode() != 404) {
                throw e;
            }
            LOG.atDebug()
                    .addKeyValue(logKey, update.getMetadata().getName())
                    .log("status not written: {}", e.getMessage());
            // 409: somebody changed the object; a change of labels alone makes no event for us. 404: it is gone.
            return new StatusWrite(false, e.getCode() == 409 ? Optional.of(AGAIN) : Optional.empty());
        }
    }

    void forget(String uid) {
        last.remove(uid);
    }

    private static long version(HasMetadata object) {
        try {
            return Long.parseLong(object.getMetadata().getResourceVersion());
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
