package dev.planetary.e2e;

import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** PlanetaryJobs of a test: what users do to them, and what is seen of them. */
interface TestedJobs extends InNamespace {
    /** Applies a PlanetaryJob of that name with the given spec (YAML, indented by two). */
    default PlanetaryJob applyJob(String name, String spec) {
        serverSideApply(
                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryJob
                metadata: {name: %s}
                spec:
                %s"""
                        .formatted(name, spec.indent(2)));
        return job(name).orElseThrow();
    }

    default Optional<PlanetaryJob> job(String name) {
        return Optional.ofNullable(client().resources(PlanetaryJob.class)
                .inNamespace(namespace())
                .withName(name)
                .get());
    }

    default void deleteJob(String name) {
        client().resources(PlanetaryJob.class)
                .inNamespace(namespace())
                .withName(name)
                .delete();
    }

    /** Waits until a job says what the test expects. */
    default PlanetaryJobStatus awaitJob(String name, Duration patience, Predicate<PlanetaryJobStatus> expected) {
        return Awaitility.await("PlanetaryJob " + name)
                .atMost(patience)
                .pollInterval(Duration.ofMillis(200))
                .until(() -> job(name).map(PlanetaryJob::statusOrNothing).orElse(PlanetaryJobStatus.NOTHING), expected);
    }

    default PlanetaryJobStatus awaitJob(String name, PlanetaryJobStatus.Phase phase) {
        return awaitJob(name, RealCluster.PATIENCE.multipliedBy(2), s -> s.phase() == phase);
    }

    /** The pods of a job's attempts. */
    default List<Pod> runners(String job) {
        return client().pods()
                .inNamespace(namespace())
                .withLabel(Labels.JOB, job)
                .list()
                .getItems();
    }

    static boolean runs(Pod pod) {
        return !Set.of("Succeeded", "Failed").contains(pod.getStatus().getPhase());
    }
}
