package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** The Quarkus extension does not take the annotation's retry: what it reads must say the same. */
class ForEverTest {
    private static final String RETRY =
            "quarkus.operator-sdk.controllers." + PlanetaryClusterReconciler.NAME + ".retry.";

    @Test
    void what_is_deployed_retries_as_what_is_tested() throws IOException {
        var properties = new Properties();
        try (var in = ForEver.class.getResourceAsStream("/application.properties")) {
            properties.load(in);
        }
        var tested = new ForEver();

        assertThat(properties)
                .containsEntry(RETRY + "max-attempts", String.valueOf(tested.getMaxAttempts()))
                .containsEntry(RETRY + "interval.initial", String.valueOf(tested.getInitialInterval()))
                .containsEntry(RETRY + "interval.multiplier", String.valueOf((int) tested.getIntervalMultiplier()))
                .containsEntry(RETRY + "interval.max", String.valueOf(tested.getMaxInterval()));
        assertThat(tested.initExecution()).satisfies(retry -> {
            for (int i = 0; i < 100; i++) {
                assertThat(retry.nextDelay()).isPresent();
            }
        });
    }
}
