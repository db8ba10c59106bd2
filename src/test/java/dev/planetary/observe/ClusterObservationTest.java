package dev.planetary.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ClusterObservationTest {
    private static final Instant T0 = Instant.parse("2026-03-01T12:00:00Z");

    @Test
    void what_no_pod_mounts_is_free() {
        assertThat(free(seen(List.of()))).containsExactly("c-preload-2");
    }

    @Test
    void nothing_is_free_while_a_job_is_on_it_whose_runner_mounts_it_unseen() {
        assertThat(free(seen(List.of(new ClusterJob(T0, true, Optional.empty())))))
                .isEmpty();
        assertThat(free(seen(List.of(new ClusterJob(T0, false, Optional.empty())))))
                .as("it has ended")
                .containsExactly("c-preload-2");
    }

    private static List<String> free(ClusterObservation seen) {
        return seen.unmounted("c-preload-").stream()
                .map(c -> c.getMetadata().getName())
                .toList();
    }

    /** A pod that mounts one of two preloads. */
    private static ClusterObservation seen(List<ClusterJob> jobs) {
        var pod = new PodBuilder()
                .withNewSpec()
                .addNewVolume()
                .withNewConfigMap()
                .withName("c-preload-1")
                .endConfigMap()
                .endVolume()
                .endSpec()
                .build();
        return new ClusterObservation(
                new PlanetaryCluster(),
                List.of(),
                List.of(new ObservedPod(pod, false, Optional.empty(), false, false)),
                List.of(),
                List.of(),
                List.of(),
                Stream.of("c-preload-1", "c-preload-2", "c-trusted-ca")
                        .map(ClusterObservationTest::configMap)
                        .toList(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                jobs,
                Optional.empty(),
                T0);
    }

    private static ConfigMap configMap(String name) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .build();
    }
}
