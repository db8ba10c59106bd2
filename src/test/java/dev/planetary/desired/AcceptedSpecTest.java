package dev.planetary.desired;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AcceptedSpecTest {
    private static final String IMAGE = "client:1";

    /** The numbers are written down: should another JVM, release or library give others, every pod would be replaced. */
    @Test
    void hashes_are_the_same_in_every_JVM() {
        var accepted = accept(
                """
                env: [{name: B, value: "2"}, {name: A, value: "1"}]
                workers:
                  resources: {limits: {memory: 16Gi, cpu: "4", example.com/gpu: "1"}}
                  daskResources: {GPU: 1, FAST: 0.5, DISK: 2}
                  template: {metadata: {annotations: {z: "1", a: "2", m: "3"}}, spec: {nodeSelector: {y: "1", b: "2"}}}
                """);

        assertThat(List.of(accepted.schedulerHash(), accepted.workerHash("default")))
                .containsExactly("ca170354ee", "a3ec697c0d");
    }

    @Test
    void the_order_of_a_map_does_not_count() {
        var one = accept(
                "workers: {daskResources: {GPU: 1, FAST: 2}, template: {spec: {nodeSelector: {a: '1', b: '2'}, priorityClassName: p}}}");
        var other = accept(
                "workers: {template: {spec: {priorityClassName: p, nodeSelector: {b: '2', a: '1'}}}, daskResources: {FAST: 2, GPU: 1}}");

        assertThat(other).isEqualTo(one);
    }

    @Test
    void a_part_that_did_not_change_keeps_its_hash_even_if_it_would_be_computed_otherwise_today() {
        var old = accept("{}");
        var ofAnEarlierOperator =
                new AcceptedSpec(old.number(), old.pods(), old.image(), "earlier-s", Map.of("default", "earlier-w"));

        var workersChanged = ofAnEarlierOperator.next(spec("workers: {threads: 2}"), IMAGE);
        var schedulerChanged =
                ofAnEarlierOperator.next(spec("scheduler: {template: {spec: {priorityClassName: p}}}"), IMAGE);

        assertThat(workersChanged.number()).isEqualTo(2);
        assertThat(workersChanged.schedulerHash()).isEqualTo("earlier-s");
        assertThat(workersChanged.workerHash("default")).isNotEqualTo("earlier-w");
        assertThat(schedulerChanged.schedulerHash()).isNotEqualTo("earlier-s");
        assertThat(schedulerChanged.workerHash("default")).isEqualTo("earlier-w");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "image: other",
                "env: [{name: A}]",
                "serviceAccountName: s",
                "imagePullPolicy: Always",
                "imagePullSecrets: [{name: s}]",
                "envFrom: [{secretRef: {name: s}}]",
                "tls: {mode: 'Off'}",
                "tls: {mode: Provided, secretName: s}"
            })
    void what_both_have_in_common_changes_both(String change) {
        var old = accept("{}");

        var next = old.next(spec(change), IMAGE);

        assertThat(old.covers(spec(change))).isFalse();
        assertThat(next.schedulerHash()).isNotEqualTo(old.schedulerHash());
        assertThat(next.workerHash("default")).isNotEqualTo(old.workerHash("default"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "suspend: true",
                "workers: {replicas: 7}",
                "tls: {mode: Managed}",
                "scheduler: {service: {type: LoadBalancer, annotations: {a: b}}}",
                "workers: {drainTimeout: 5m}",
                "workers: {rollout: {maxSurge: 3}}"
            })
    void what_no_pod_is_made_from_changes_nothing(String change) {
        assertThat(accept("{}").covers(spec(change))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "workers: {resources: {limits: {cpu: 1000m}}}",
                "workers: {resources: {limits: {cpu: '1'}}}",
                "workers: {resources: {limits: {cpu: 1}}}"
            })
    void a_quantity_in_another_spelling_is_no_change(String spelling) {
        assertThat(accept("workers: {resources: {limits: {cpu: '1'}}}").covers(spec(spelling)))
                .isTrue();
    }

    @Test
    void another_Secret_for_TLS_changes_both() {
        var old = accept("tls: {mode: Provided, secretName: s}");

        var next = old.next(spec("tls: {mode: Provided, secretName: t}"), IMAGE);

        assertThat(next.schedulerHash()).isNotEqualTo(old.schedulerHash());
        assertThat(next.workerHash("default")).isNotEqualTo(old.workerHash("default"));
    }

    @Test
    void a_change_of_one_group_leaves_the_others_alone() {
        var old = accept("workerGroups: [{name: a}, {name: b, image: own}]");

        var next = old.next(spec("workerGroups: [{name: a, threads: 2}, {name: b, image: own}, {name: c}]"), IMAGE);

        assertThat(next.workerHash("a")).isNotEqualTo(old.workerHash("a"));
        assertThat(next.workerHash("b")).isEqualTo(old.workerHash("b"));
        assertThat(next.workerHash("default")).isEqualTo(old.workerHash("default"));
        assertThat(next.schedulerHash()).isEqualTo(old.schedulerHash());
        assertThat(next.workerHashes()).containsOnlyKeys("default", "a", "b", "c");
    }

    @Test
    void another_image_of_the_cluster_leaves_a_group_alone_that_has_its_own() {
        var old = accept("workerGroups: [{name: a, image: own}]");

        var next = old.next(spec("image: other\nworkerGroups: [{name: a, image: own}]"), IMAGE);

        assertThat(next.image("a")).isEqualTo("own");
        assertThat(next.workerHash("a")).isEqualTo(old.workerHash("a"));
        assertThat(next.workerHash("default")).isNotEqualTo(old.workerHash("default"));
    }

    @Test
    void another_default_image_replaces_no_pod() {
        var old = accept("{}");

        assertThat(old.covers(spec("{}"))).isTrue();
        var next = old.next(spec("workers: {threads: 2}"), "client:2");
        assertThat(next.image()).isEqualTo(IMAGE);
        assertThat(next.schedulerHash()).isEqualTo(old.schedulerHash());
    }

    @Test
    void naming_the_image_that_is_in_force_anyway_replaces_no_pod() {
        var old = accept("{}");

        var next = old.next(spec("image: " + IMAGE), "client:2");

        assertThat(next.schedulerHash()).isEqualTo(old.schedulerHash());
        assertThat(next.workerHash("default")).isEqualTo(old.workerHash("default"));
    }

    @Test
    void an_image_taken_back_means_today_s_default() {
        var next = accept("image: other").next(spec("{}"), "client:2");

        assertThat(next.image()).isEqualTo("client:2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "0.5", "2.50", "1e3", "1e21", "1e-7", "123456789012345678901234567890", "12345678.9"})
    void amounts_survive_the_way_through_the_API_server_in_any_spelling(String amount) {
        var spec = spec("workers: {daskResources: {X: %s}}".formatted(amount));

        assertThat(throughTheApiServer(AcceptedSpec.first(spec, IMAGE)).covers(spec))
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource("goldenClusters")
    void every_golden_spec_survives_the_way_through_a_ControllerRevision(Path file) throws IOException {
        var spec = Serialization.unmarshal(Files.readString(file), PlanetaryCluster.class)
                .specOrDefault();
        var accepted = AcceptedSpec.first(spec, IMAGE);

        var back = throughTheApiServer(accepted);

        assertThat(back).isEqualTo(accepted);
        assertThat(back.covers(spec)).isTrue();
        assertThat(back.next(spec, "client:2").workerHash("default")).isEqualTo(accepted.workerHash("default"));
    }

    /** As operators wrote it that knew one group only, and fewer fields. */
    @Test
    void a_revision_of_an_operator_that_knew_one_group_replaces_no_pod() {
        var kept = Serialization.unmarshal(
                """
                apiVersion: apps/v1
                kind: ControllerRevision
                metadata: {name: ndvi-r1}
                revision: 1
                data:
                  number: 1
                  image: client:1
                  schedulerHash: 62daf46e1f
                  workerHash: f3afeb3a53
                  pods:
                    env: []
                    envFrom: []
                    imagePullSecrets: []
                    scheduler: {service: {annotations: {}, loadBalancerSourceRanges: [], type: ClusterIP}, template: {}}
                    suspend: false
                    tls: {mode: Managed}
                    workers: {daskResources: {}, drainTimeout: 5m, replicas: 1, template: {}}
                """,
                ControllerRevision.class);

        var accepted = AcceptedSpec.of(kept);

        assertThat(accepted.covers(spec("workers: {replicas: 2}"))).isTrue();
        assertThat(accepted.schedulerHash()).isEqualTo("62daf46e1f");
        assertThat(accepted.workerHash("default")).isEqualTo("f3afeb3a53");
    }

    @Test
    void a_revision_is_the_cluster_s_and_counts() {
        var cluster = Serialization.unmarshal("metadata: {name: ndvi, namespace: n, uid: u}", PlanetaryCluster.class);

        var revision = accept("{}").next(spec("image: x"), IMAGE).toRevision(cluster);

        assertThat(revision.getMetadata().getName()).isEqualTo("ndvi-r2");
        assertThat(revision.getRevision()).isEqualTo(2);
        assertThat(Labels.owns(cluster, revision)).isTrue();
    }

    static Stream<Path> goldenClusters() throws IOException {
        try (var files = Files.walk(Path.of("src/test/resources/golden"))) {
            return files
                    .filter(f -> f.getFileName().toString().startsWith("in-PlanetaryCluster"))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    private static AcceptedSpec throughTheApiServer(AcceptedSpec accepted) {
        var cluster = Serialization.unmarshal("metadata: {name: ndvi, namespace: n, uid: u}", PlanetaryCluster.class);
        return AcceptedSpec.of(
                Serialization.unmarshal(Serialization.asJson(accepted.toRevision(cluster)), ControllerRevision.class));
    }

    private static AcceptedSpec accept(String spec) {
        return AcceptedSpec.first(spec(spec), IMAGE);
    }

    private static PlanetaryClusterSpec spec(String yaml) {
        return Serialization.unmarshal(yaml, PlanetaryClusterSpec.class);
    }
}
