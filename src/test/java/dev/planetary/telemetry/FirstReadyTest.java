package dev.planetary.telemetry;

import static dev.planetary.telemetry.Clusters.CREATED;
import static dev.planetary.telemetry.Clusters.made;
import static dev.planetary.telemetry.Clusters.ready;
import static dev.planetary.telemetry.Clusters.suspended;
import static dev.planetary.telemetry.Clusters.unready;
import static dev.planetary.telemetry.Clusters.with;
import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FirstReadyTest {
    private final PlanetaryClusterStatus starting = unready(Phase.Pending, "SchedulerStarting", 1);
    private FirstReady first = new FirstReady();

    @Test
    void isCountedOnceFromCreation() {
        // Given
        assertThat(at(1, made("c"), starting)).isEmpty();

        // When, Then
        assertThat(at(7, with("c", starting), ready(2))).contains(Duration.ofSeconds(7));
        assertThat(at(8, with("c", ready(2)), ready(2))).isEmpty();
    }

    @Test
    void isNotCountedAgainAfterALoss() {
        // Given
        at(1, made("c"), starting);
        at(7, with("c", starting), ready(2));

        // When
        at(20, with("c", ready(2)), unready(Phase.Degraded, "WorkersStarting", 20));

        // Then
        assertThat(at(30, with("c", unready(Phase.Degraded, "WorkersStarting", 20)), ready(2)))
                .isEmpty();
    }

    @Test
    void isNotCountedAgainAfterARestartOfTheOperator() {
        // Given
        at(1, made("c"), starting);
        at(7, with("c", starting), ready(2));

        // When
        first = new FirstReady();

        // Then: neither as it is, nor after a loss, nor after a suspension
        assertThat(at(60, with("c", ready(2)), ready(2))).isEmpty();
        first = new FirstReady();
        assertThat(at(70, with("c", unready(Phase.Degraded, "WorkersStarting", 65)), ready(2)))
                .isEmpty();
        first = new FirstReady();
        assertThat(at(80, with("c", unready(Phase.Pending, "SchedulerStarting", 75)), ready(2)))
                .isEmpty();
    }

    @Test
    void isCountedIfTheOperatorIsRestartedOnTheWayUp() {
        // Given
        at(1, made("c"), starting);

        // When
        first = new FirstReady();

        // Then
        assertThat(at(40, with("c", starting), ready(2))).contains(Duration.ofSeconds(40));
    }

    @Test
    void isNotCountedForWhoWasMadeSuspended() {
        // Given
        at(1, made("c"), suspended());

        // When, Then
        assertThat(at(90, with("c", suspended()), starting)).isEmpty();
        assertThat(at(100, with("c", starting), ready(2))).isEmpty();
    }

    private Optional<Duration> at(long seconds, PlanetaryCluster cluster, PlanetaryClusterStatus now) {
        return first.note(cluster, now, CREATED.plusSeconds(seconds));
    }
}
