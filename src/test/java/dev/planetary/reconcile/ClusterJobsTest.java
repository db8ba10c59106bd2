package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.desired.JobObjects;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;

class ClusterJobsTest {
    @Test
    void a_job_is_on_the_cluster_it_refers_to() {
        var job = job("clusterRef: {name: shared}");

        assertThat(ClusterJobs.isOn(cluster("shared"), job)).isTrue();
        assertThat(ClusterJobs.isOn(cluster("another"), job)).isFalse();
    }

    @Test
    void a_job_with_a_cluster_of_its_own_is_on_none_that_only_bears_its_name() {
        var job = job("cluster: {}");
        var own = JobObjects.cluster(job).orElseThrow();

        assertThat(ClusterJobs.isOn(own, job)).isTrue();
        assertThat(ClusterJobs.isOn(cluster(own.getMetadata().getName()), job)).isFalse();
    }

    private static PlanetaryJob job(String spec) {
        return Serialization.unmarshal(
                "metadata: {name: ndvi, namespace: n, uid: 12345678}\nspec: {%s, script: x}".formatted(spec),
                PlanetaryJob.class);
    }

    private static PlanetaryCluster cluster(String name) {
        return Serialization.unmarshal(
                "metadata: {name: %s, namespace: n, uid: c1}".formatted(name), PlanetaryCluster.class);
    }
}
