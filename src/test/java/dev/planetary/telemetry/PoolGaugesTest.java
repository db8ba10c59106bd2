package dev.planetary.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus;
import dev.planetary.api.PlanetaryNodePoolStatus.Phase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PoolGaugesTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final List<PlanetaryNodePool> cache = new ArrayList<>();

    @Test
    void pools_and_their_nodes_are_counted_as_the_cache_shows_them() {
        // Given
        new PoolGauges(registry).follow(cache::stream);
        cache.addAll(
                List.of(new PlanetaryNodePool(), pool(Phase.Ready, 3), pool(Phase.Ready, 4), pool(Phase.Failed, null)));

        // Then
        assertThat(pools("New")).isEqualTo(1);
        assertThat(pools("Ready")).isEqualTo(2);
        assertThat(pools("Failed")).isEqualTo(1);
        assertThat(pools("Deleting")).isZero();
        assertThat(registry.get("planetary.node.pools.nodes").gauge().value()).isEqualTo(7);

        // When they go
        cache.clear();

        // Then
        assertThat(pools("Ready")).isZero();
    }

    private double pools(String phase) {
        return registry.get("planetary.node.pools").tag("phase", phase).gauge().value();
    }

    private static PlanetaryNodePool pool(Phase phase, Integer nodes) {
        var pool = new PlanetaryNodePool();
        pool.setStatus(new PlanetaryNodePoolStatus(1L, phase, "np", "Succeeded", nodes, "westeurope", null, List.of()));
        return pool;
    }
}
