package dev.planetary.apply;

import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.status.JobStatus;
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
 * Writes the status of jobs: only what changed, never over a change it has not seen, and mere progress at most once in 10 seconds. What
 * is done about a job rests on its status having been written: so it is said whether it was.
 */
public final class JobStatusWriter {
    private static final Logger LOG = LoggerFactory.getLogger(JobStatusWriter.class);
    private static final Duration PROGRESS_EVERY = Duration.ofSeconds(10);
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private record Written(PlanetaryJob job, Instant at) {}

    /**
     * How it went.
     *
     * @param stands the job has this status now, but for its progress
     * @param again  when to come again, if something was put off
     */
    public record Result(boolean stands, Optional<Duration> again) {}

    private final ConcurrentMap<String, Written> last = new ConcurrentHashMap<>();
    private final KubernetesClient client;
    private final Clock clock;

    public JobStatusWriter(KubernetesClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    /** The newer of what the cache shows and what the last write answered. */
    public PlanetaryJob freshest(PlanetaryJob cached) {
        var written = last.get(cached.getMetadata().getUid());
        return written != null && version(written.job) > version(cached) ? written.job : cached;
    }

    public Result write(PlanetaryJob job, PlanetaryJobStatus status) {
        if (status.equals(job.getStatus())) {
            return new Result(true, Optional.empty());
        }
        var uid = job.getMetadata().getUid();
        var written = last.get(uid);
        if (written != null && JobStatus.onlyProgressDiffers(job.getStatus(), status)) {
            var due = written.at.plus(PROGRESS_EVERY);
            if (clock.instant().isBefore(due)) {
                return new Result(true, Optional.of(Duration.between(clock.instant(), due)));
            }
        }
        var update = new PlanetaryJob();
        update.setMetadata(job.getMetadata());
        update.setSpec(job.getSpec());
        update.setStatus(status);
        try {
            last.put(uid, new Written(client.resource(update).updateStatus(), clock.instant()));
            return new Result(true, Optional.empty());
        } catch (KubernetesClientException e) {
            if (e.getCode() != 409 && e.getCode() != 404) {
                throw e;
            }
            LOG.atDebug().addKeyValue("job", job.getMetadata().getName()).log("status not written: {}", e.getMessage());
            return new Result(false, e.getCode() == 409 ? Optional.of(AGAIN) : Optional.empty());
        }
    }

    public void forget(String jobUid) {
        last.remove(jobUid);
    }

    private static long version(PlanetaryJob job) {
        try {
            return Long.parseLong(job.getMetadata().getResourceVersion());
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
