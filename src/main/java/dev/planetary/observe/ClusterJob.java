package dev.planetary.observe;

import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobSpec.ClusterAfter;
import java.time.Instant;
import java.util.Optional;

/**
 * A job on a cluster, as far as the cluster's life depends on it.
 *
 * @param created when it was made
 * @param active  it is neither finished nor suspended: the cluster is in use
 * @param ended   when it ended, if its own cluster is to stop then
 */
public record ClusterJob(Instant created, boolean active, Optional<Instant> ended) {
    public static ClusterJob of(PlanetaryJob job) {
        var stops = job.getSpec().clusterRef() == null && job.getSpec().afterwards() == ClusterAfter.Stop;
        return new ClusterJob(
                Instant.parse(job.getMetadata().getCreationTimestamp()),
                !job.statusOrNothing().isFinal() && !job.getSpec().suspend(),
                job.statusOrNothing().completed().filter(_ -> stops));
    }
}
