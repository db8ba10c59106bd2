package dev.planetary.telemetry;

import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The jobs in numbers, read from the informer's cache when somebody scrapes. */
final class JobGauges {
    private volatile Supplier<Stream<PlanetaryJob>> jobs = Stream::empty;

    JobGauges(MeterRegistry registry) {
        for (var phase : Phase.values()) {
            gauge(registry, phase.name(), phase);
        }
        gauge(registry, "New", null);
    }

    void follow(Supplier<Stream<PlanetaryJob>> all) {
        jobs = all;
    }

    private void gauge(MeterRegistry registry, String name, Phase phase) {
        Gauge.builder("planetary.jobs", () -> jobs.get()
                        .filter(j -> j.statusOrNothing().phase() == phase)
                        .count())
                .description("Jobs by phase")
                .tag("phase", name)
                .register(registry);
    }
}
