package dev.planetary.telemetry;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus.Phase;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** The node pools in numbers, read from the informer's cache when somebody scrapes. */
public final class PoolGauges {
    private volatile Supplier<Stream<PlanetaryNodePool>> pools = Stream::empty;

    public PoolGauges(MeterRegistry registry) {
        for (var phase : Phase.values()) {
            phase(registry, phase.name(), phase);
        }
        phase(registry, "New", null);
        gauge("planetary.node.pools.nodes", "Nodes of all pools, as Azure counts them", seen -> seen.map(
                                pool -> pool.statusOrNothing().nodes())
                        .mapToInt(nodes -> Optional.ofNullable(nodes).orElse(0))
                        .sum())
                .register(registry);
    }

    public void follow(Supplier<Stream<PlanetaryNodePool>> all) {
        pools = all;
    }

    private void phase(MeterRegistry registry, String name, Phase phase) {
        gauge("planetary.node.pools", "Node pools by phase", seen -> seen.filter(
                                pool -> pool.statusOrNothing().phase() == phase)
                        .count())
                .tag("phase", name)
                .register(registry);
    }

    private Gauge.Builder<Supplier<Number>> gauge(
            String name, String description, ToDoubleFunction<Stream<PlanetaryNodePool>> number) {
        return Gauge.builder(name, () -> (Number) number.applyAsDouble(pools.get()))
                .description(description);
    }
}
