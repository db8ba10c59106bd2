package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** PlanetaryClusters of a test: what users do to them, and what is seen of them. */
interface TestedClusters extends InNamespace {
    /** Applies a PlanetaryCluster of that name with the given spec (YAML, indented by two). */
    default PlanetaryCluster apply(String name, String spec) {
        return applyYaml(
                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryCluster
                metadata: {name: %s}
                spec:
                %s"""
                        .formatted(name, spec.indent(2)));
    }

    /** One scheduler and so many workers of one thread, as small as Dask can be; more of the spec (YAML) may follow. */
    default PlanetaryCluster applySmall(String name, int workers, String... more) {
        return apply(name, RealCluster.small(workers) + String.join("\n", more));
    }

    default PlanetaryCluster applyYaml(String yaml) {
        return cluster(serverSideApply(yaml)).orElseThrow();
    }

    default Optional<PlanetaryCluster> cluster(String name) {
        return Optional.ofNullable(client().resources(PlanetaryCluster.class)
                .inNamespace(namespace())
                .withName(name)
                .get());
    }

    /** Waits until the cluster says of its newest spec what the test expects. */
    default PlanetaryCluster await(String name, Duration patience, Predicate<PlanetaryCluster> expected) {
        return Awaitility.await("PlanetaryCluster " + name)
                .atMost(patience)
                .pollInterval(Duration.ofMillis(200))
                .until(
                        () -> cluster(name),
                        c -> c.isPresent()
                                && c.get().getStatus() != null
                                && c.get()
                                        .getMetadata()
                                        .getGeneration()
                                        .equals(c.get().getStatus().observedGeneration())
                                && expected.test(c.get()))
                .orElseThrow();
    }

    default PlanetaryCluster awaitReady(String name) {
        return await(name, RealCluster.PATIENCE, c -> RealCluster.ready(c).status() == Condition.Status.True);
    }

    /** Deletes a cluster and does not wait. */
    default void delete(String name) {
        client().resources(PlanetaryCluster.class)
                .inNamespace(namespace())
                .withName(name)
                .delete();
    }

    /** What {@code kubectl scale} does. */
    default void scale(String name, int replicas) {
        client().resources(PlanetaryCluster.class)
                .inNamespace(namespace())
                .withName(name)
                .scale(replicas);
    }

    /** Every status the cluster is given from now on, in order. */
    default Told listen(String name) {
        return new Told(client().resources(PlanetaryCluster.class)
                .inNamespace(namespace())
                .withName(name));
    }

    default List<Pod> workers(String cluster) {
        return pods(cluster, Labels.WORKER);
    }

    default Pod scheduler(String cluster) {
        var pods = pods(cluster, Labels.SCHEDULER);
        assertThat(pods).as("schedulers of " + cluster).hasSize(1);
        return pods.getFirst();
    }

    /** Tells of every change of a cluster's workers. */
    default SharedIndexInformer<Pod> watchWorkers(String cluster, ResourceEventHandler<Pod> whom) {
        return client().pods()
                .inNamespace(namespace())
                .withLabel(Labels.CLUSTER, cluster)
                .withLabel(Labels.COMPONENT, Labels.WORKER)
                .inform(whom);
    }

    default List<Pod> pods(String cluster, String component) {
        return client().pods()
                .inNamespace(namespace())
                .withLabel(Labels.CLUSTER, cluster)
                .withLabel(Labels.COMPONENT, component)
                .list()
                .getItems();
    }

    /** The notes of events of that reason about a cluster; of all of them, if it is empty. */
    default List<String> events(String reason) {
        return client().events().v1().events().inNamespace(namespace()).list().getItems().stream()
                .filter(e -> (reason.isEmpty() || reason.equals(e.getReason()))
                        && PlanetaryCluster.KIND.equals(e.getRegarding().getKind()))
                .map(io.fabric8.kubernetes.api.model.events.v1.Event::getNote)
                .toList();
    }
}
