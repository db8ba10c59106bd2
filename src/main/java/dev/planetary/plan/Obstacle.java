package dev.planetary.plan;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Stop;
import dev.planetary.observe.JobObservation;
import dev.planetary.status.Finding;
import java.util.Optional;

/**
 * Why a job cannot start now.
 *
 * @param reason  one CamelCase word
 * @param message for people
 */
record Obstacle(String reason, String message) {

    static Optional<Obstacle> of(JobObservation seen) {
        if (!seen.findings().isEmpty()) {
            return seen.findings().stream().findFirst().map(Obstacle::of);
        }
        if (seen.cluster().isEmpty()) {
            return Optional.of(
                    seen.ownsItsCluster()
                            ? new Obstacle("ClusterStarting", "its cluster is being made")
                            : new Obstacle(
                                    "ClusterNotFound",
                                    "PlanetaryCluster %s is not there: the job starts when it is made"
                                            .formatted(seen.clusterName())));
        }
        var cluster = seen.cluster().get();
        var name = cluster.getMetadata().getName();
        if (cluster.getMetadata().getDeletionTimestamp() != null) {
            return Optional.of(new Obstacle("ClusterEnding", "PlanetaryCluster %s is being deleted".formatted(name)));
        }
        if (cluster.specOrDefault().suspend()) {
            return Optional.of(new Obstacle(
                    "ClusterSuspended",
                    "PlanetaryCluster %s is suspended: the job starts when it is resumed".formatted(name)));
        }
        var stop = stop(cluster);
        if (stop.isPresent()) {
            return Optional.of(
                    Waking.wakes(seen.created(), stop.get())
                            ? new Obstacle(
                                    "ClusterStarting", "PlanetaryCluster %s, which was stopped, starts".formatted(name))
                            : new Obstacle(
                                    "ClusterStopped",
                                    ("PlanetaryCluster %s was stopped at %s, after this job was made: start it by the annotation %s,"
                                                    + " or make the job again under a new name")
                                            .formatted(name, stop.get().at(), PlanetaryCluster.START)));
        }
        return JobLocality.obstacle(seen).or(() -> answers(seen, cluster));
    }

    private static Optional<Obstacle> answers(JobObservation seen, PlanetaryCluster cluster) {
        return seen.known() && seen.state().isPresent()
                ? Optional.empty()
                : Optional.of(new Obstacle("ClusterStarting", "the scheduler does not answer yet" + words(cluster)));
    }

    static Optional<Stop> stop(PlanetaryCluster cluster) {
        return Optional.ofNullable(cluster.getStatus()).flatMap(PlanetaryClusterStatus::stop);
    }

    private static Obstacle of(Finding finding) {
        return new Obstacle(finding.reason(), finding.message());
    }

    private static String words(PlanetaryCluster cluster) {
        return Optional.ofNullable(cluster.getStatus())
                .flatMap(s -> s.condition(Condition.SCHEDULER_READY))
                .filter(c -> c.status() != Condition.Status.True)
                .map(c -> ": " + c.message())
                .orElse("");
    }
}
