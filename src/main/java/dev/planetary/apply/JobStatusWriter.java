package dev.planetary.apply;

import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.status.JobStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/**
 * Writes the status of jobs: only what changed, never over a change it has not seen, and mere progress at most once in 10 seconds. What
 * is done about a job rests on its status having been written: so it is said whether it was.
 */
public final class JobStatusWriter {
    private static final Duration PROGRESS_EVERY = Duration.ofSeconds(10);

    private final StatusUpdates<PlanetaryJob> updates;
    private final Clock clock;

    public JobStatusWriter(KubernetesClient client, Clock clock) {
        this.updates = new StatusUpdates<>(client, clock, "job");
        this.clock = clock;
    }

    /** The newer of what the cache shows and what the last write answered. */
    public PlanetaryJob freshest(PlanetaryJob cached) {
        return updates.freshest(cached);
    }

    public StatusWrite write(PlanetaryJob job, PlanetaryJobStatus status) {
        if (status.equals(job.getStatus())) {
            return new StatusWrite(true, Optional.empty());
        }
        var written = updates.lastAt(job.getMetadata().getUid());
        if (written.isPresent() && JobStatus.onlyProgressDiffers(job.getStatus(), status)) {
            var due = written.get().plus(PROGRESS_EVERY);
            if (clock.instant().isBefore(due)) {
                return new StatusWrite(true, Optional.of(Duration.between(clock.instant(), due)));
            }
        }
        var update = new PlanetaryJob();
        update.setMetadata(job.getMetadata());
        update.setSpec(job.getSpec());
        update.setStatus(status);
        return updates.write(update);
    }

    public void forget(String jobUid) {
        updates.forget(jobUid);
    }
}
