package dev.planetary.sas;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** The broker's metrics; accounts and containers are no labels: readers make them up without end. */
public final class BrokerMeters {
    static final String HIT = "hit";
    static final String MISS = "miss";
    static final String STALE = "stale";
    static final String UNKNOWN = "unknown";
    static final String UNAVAILABLE = "unavailable";
    static final String REFUSED = "refused";

    private final MeterRegistry registry;

    public BrokerMeters(MeterRegistry registry) {
        this.registry = registry;
        // From zero on: the first of its kind would be no increase otherwise.
        List.of(HIT, MISS, STALE, UNKNOWN, UNAVAILABLE, REFUSED).forEach(this::counter);
        List.of("granted", "unknown", "busy", "denied", "failed").forEach(this::upstream);
    }

    /**
     * Numbers of now.
     *
     * @param size    of how many scopes something is remembered
     * @param trouble what is wrong upstream
     */
    public void follow(LongSupplier size, Supplier<Optional<String>> trouble) {
        Gauge.builder("planetary.sas.held", () -> size.getAsLong())
                .description("Containers and collections about which something is remembered")
                .register(registry);
        Gauge.builder("planetary.sas.upstream.trouble", () -> trouble.get().isPresent() ? 1 : 0)
                .description("1: the last request to the Planetary Computer was not answered as it should be")
                .register(registry);
    }

    void served(String how) {
        counter(how).increment();
    }

    void asked(UpstreamAnswer answer) {
        upstream(answer.getClass().getSimpleName().toLowerCase(Locale.ROOT)).increment();
    }

    private Counter counter(String how) {
        return Counter.builder("planetary.sas.served")
                .description("Answers to readers")
                .tag("how", how)
                .register(registry);
    }

    private Counter upstream(String outcome) {
        return Counter.builder("planetary.sas.upstream.requests")
                .description("Requests to the Planetary Computer for a token")
                .tag("outcome", outcome)
                .register(registry);
    }
}
