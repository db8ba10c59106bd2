package dev.planetary.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

        assertThat(spec.groups()).containsOnlyKeys("default");
        assertThat(spec.workers().replicas()).isEqualTo(1);
        assertThat(spec.workers().rollout()).isEqualTo(new WorkersSpec.Rollout(1, 0));
        assertThat(spec.workers().drain()).isEqualTo(Duration.ofMinutes(5));
        assertThat(spec.tls().mode()).isEqualTo(TlsSpec.Mode.Managed);
        assertThat(spec.scheduler().service().type()).isEqualTo(SchedulerSpec.Service.Type.ClusterIP);
    }

    @Test
    void groups_come_by_name_the_default_one_first() {
        var spec = read("spec: {workers: {threads: 2}, workerGroups: [{name: a, threads: 3}]}")
                .getSpec();

        assertThat(spec.groups().keySet()).containsExactly("default", "a");
        assertThat(spec.groups().get("a").threads()).isEqualTo(3);
        assertThat(spec.groups().get("a").replicas()).isEqualTo(1);
    }

    /** Whoever adds a field must say what its change does, or it would never reach a pod. */
    @ParameterizedTest
    @ValueSource(classes = {PlanetaryClusterSpec.class, SchedulerSpec.class, WorkersSpec.class, DataSpec.class})
    void every_field_says_what_its_change_does(Class<?> spec) {
        assertThat(spec.getRecordComponents()).allMatch(field -> field.isAnnotationPresent(OnChange.class));
    }

    /** An older operator meets objects of a newer CRD after a rollback. */
    @Test
    void fields_of_a_newer_version_are_ignored() {
        assertThat(read("spec: {someTime: 20m, workers: {spot: Never}, tls: {ciphers: x}}")
                        .getSpec())
                .isEqualTo(PlanetaryClusterSpec.DEFAULT);
    }

    @Test
    void maps_keep_the_order_they_were_written_in() {
        var service = read("spec: {scheduler: {service: {annotations: {z: '1', a: '2', m: '3', b: '4'}}}}")
                .getSpec()
                .scheduler()
                .service();

        assertThat(List.copyOf(service.annotations().keySet())).containsExactly("z", "a", "m", "b");
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

    @Test
    void an_idle_cluster_ends_after_twenty_minutes_unless_told_otherwise_and_a_lifetime_never() {
        assertThat(PlanetaryClusterSpec.DEFAULT.idleLimit()).contains(Duration.ofMinutes(20));
        assertThat(PlanetaryClusterSpec.DEFAULT.lifetimeLimit()).isEmpty();
        assertThat(PlanetaryClusterSpec.DEFAULT.deletesOnExpiry()).isFalse();
    }

    @Test
    void zero_in_any_spelling_is_never() {
        var spec = read("spec: {idleTimeout: 0h0s, maxLifetime: 0m}").getSpec();

        assertThat(spec.idleLimit()).isEmpty();
        assertThat(spec.lifetimeLimit()).isEmpty();
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
