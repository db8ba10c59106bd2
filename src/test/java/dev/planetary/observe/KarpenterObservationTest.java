package dev.planetary.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.FleetPace;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KarpenterObservationTest {

    /** As Kubernetes writes quantities, whoever wrote them how before. */
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "7, 7",
        "999, 999",
        "1k, 1000",
        "1500, 1500",
        "2k, 2000",
        "1e3, 1000",
        "1E3, 1000",
        "3000m, 3",
        "1Ki, 1024"
    })
    void nodes_are_counted_as_a_quantity(String said, int nodes) {
        assertThat(seen(said).nodes()).contains(nodes);
    }

    @Test
    void nodes_may_be_said_as_a_number() {
        assertThat(seen(12).nodes()).contains(12);
    }

    /** A pass that failed on it would fail for ever. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "many",
                "-1",
                "1.5",
                "1e",
                "1x",
                "1e999999999",
                "1e-999999999",
                "1e99999999999",
                "9E",
                "3000000000",
                "1e99",
                "0x10",
                ".",
                "1.2.3",
                "null",
                "1111111111111111111111111111111111111111111111111111111111111111111111111"
            })
    @Timeout(5)
    void what_is_no_number_of_nodes_is_as_if_nothing_was_said(String said) {
        assertThat(seen(said).nodes()).isEmpty();
    }

    @Test
    @Timeout(5)
    void a_very_long_one_keeps_nobody_busy() {
        var said = "9".repeat(1_000_000);

        assertThatNoException().isThrownBy(() -> seen(said).nodes());
    }

    private static KarpenterObservation seen(Object nodes) {
        var object = new GenericKubernetesResource();
        object.setAdditionalProperty("status", Map.of("resources", Map.of("nodes", nodes)));
        var pace = new FleetPace(Duration.ZERO, Duration.ZERO, FleetPace.WRITE, Duration.ZERO);
        return new KarpenterObservation(
                new PlanetaryNodePool(), Optional.of(object), Optional.empty(), pace, Instant.EPOCH);
    }
}
