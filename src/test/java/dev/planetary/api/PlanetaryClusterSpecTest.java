package dev.planetary.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanetaryClusterSpecTest {

    @Test
    void nothing_written_means_the_defaults() {
        assertThat(read("").specOrDefault()).isEqualTo(PlanetaryClusterSpec.DEFAULT);
        assertThat(read("spec: {}").getSpec()).isEqualTo(PlanetaryClusterSpec.DEFAULT);
        assertThat(read("spec: {suspend: false, workers: {replicas: 1}}").getSpec())
                .isEqualTo(PlanetaryClusterSpec.DEFAULT);
    }

    @Test
    void defaults_are_one_worker_tls_and_a_service_inside_the_cluster() {
        var spec = PlanetaryClusterSpec.DEFAULT;

        assertThat(spec.wantedWorkers()).isEqualTo(1);
        assertThat(spec.workers().drain()).isEqualTo(Duration.ofMinutes(5));
        assertThat(spec.tls().mode()).isEqualTo(TlsSpec.Mode.Managed);
        assertThat(spec.scheduler().service().type()).isEqualTo(SchedulerSpec.Service.Type.ClusterIP);
    }

    @Test
    void suspended_means_no_workers() {
        assertThat(read("spec: {suspend: true, workers: {replicas: 3}}")
                        .getSpec()
                        .wantedWorkers())
                .isZero();
    }

    /** An older operator meets objects of a newer CRD after a rollback. */
    @Test
    void fields_of_a_newer_version_are_ignored() {
        assertThat(read("spec: {idleTimeout: 20m, workers: {spot: Never}, tls: {secretName: x}}")
                        .getSpec())
                .isEqualTo(PlanetaryClusterSpec.DEFAULT);
    }

    @Test
    void maps_keep_the_order_they_were_written_in() {
        var workers = read("spec: {workers: {daskResources: {z: 1, a: 2, m: 3, b: 4}}}")
                .getSpec()
                .workers();

        assertThat(List.copyOf(workers.daskResources().keySet())).containsExactly("z", "a", "m", "b");
    }

    @ParameterizedTest
    @CsvSource({"90s,PT1M30S", "5m,PT5M", "1h30m,PT1H30M", "30s1m1m,PT2M30S", "24h,PT24H"})
    void drain_adds_up_its_parts(String written, Duration meant) {
        assertThat(read("spec: {workers: {drainTimeout: %s}}".formatted(written))
                        .getSpec()
                        .workers()
                        .drain())
                .isEqualTo(meant);
    }

    private static PlanetaryCluster read(String spec) {
        return Serialization.unmarshal(
                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryCluster
                metadata: {name: example}
                """
                        + spec,
                PlanetaryCluster.class);
    }
}
