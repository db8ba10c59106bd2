package dev.planetary.telemetry;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.status.Finding;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the reconciler tells, as metrics. Each is described in {@code docs/observability.md}. */
public final class Meters implements Telemetry {
    private final MeterRegistry registry;
    private final Clock clock;
    private final ClusterGauges gauges;
    private final JobGauges jobGauges;
    private final Timer apply;
    private final Counter retired;
    private final FirstReady firstReady = new FirstReady();
    private final Words findings = new Words();
    private final Words obstacles = new Words();
    /** Reasons of the last pass, by cluster: what lasts is one finding, however often it is seen. */
    private final ConcurrentMap<String, Set<String>> standing = new ConcurrentHashMap<>();

    public Meters(MeterRegistry registry, Clock clock) {
        this.registry = registry;
        this.clock = clock;
        gauges = new ClusterGauges(registry, clock);
        jobGauges = new JobGauges(registry);
        apply = Timer.builder("planetary.cluster.first.ready")
                .description("From a cluster's creation to its first time ready; creation is known by the second only")
                .serviceLevelObjectives(seconds(1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1800))
                .register(registry);
        retired = Counter.builder("planetary.workers.retired")
                .description("Workers that left with their results moved")
                .register(registry);
        // From zero on: the first of its kind would be no increase otherwise.
        Stream.of("Actors", "NoRecipient", "ResultsLeft", "Executing").forEach(this::obstacle);
        Stream.of("found", "unknown", "failed").forEach(this::catalogue);
    }

    @Override
    public void follow(Supplier<Stream<PlanetaryCluster>> clusters) {
        gauges.follow(clusters);
    }

    @Override
    public void followJobs(Supplier<Stream<PlanetaryJob>> jobs) {
        jobGauges.follow(jobs);
    }

    @Override
    public void told(PlanetaryCluster cluster, PlanetaryClusterStatus status, List<Finding> found) {
        firstReady.note(cluster, status, clock.instant()).ifPresent(apply::record);
        status.condition(Condition.READY)
                .filter(c -> c.status() != Status.True)
                .ifPresent(c -> gauges.reason(c.reason()));
        var now = found.stream().map(Finding::reason).collect(Collectors.toUnmodifiableSet());
        var before = standing.put(cluster.getMetadata().getUid(), now);
        now.stream()
                .filter(reason -> before == null || !before.contains(reason))
                .forEach(reason -> Counter.builder("planetary.findings")
                        .description("What came to stand in the way of a cluster, by reason")
                        .tag("reason", findings.of(reason))
                        .register(registry)
                        .increment());
    }

    @Override
    public void retired(int workers) {
        retired.increment(workers);
    }

    @Override
    public void givenUp(String reason) {
        obstacle(reason).increment();
    }

    @Override
    public void catalogueAsked(String outcome) {
        catalogue(outcome).increment();
    }

    private Counter catalogue(String outcome) {
        return Counter.builder("planetary.catalogue.requests")
                .description("Requests to the STAC catalogue for the place of a collection")
                .tag("outcome", outcome)
                .register(registry);
    }

    private Counter obstacle(String reason) {
        return Counter.builder("planetary.workers.retire.given.up")
                .description("Workers that were asked to leave and could not in time, by reason")
                .tag("reason", obstacles.of(reason))
                .register(registry);
    }

    @Override
    public void forget(String clusterUid) {
        firstReady.forget(clusterUid);
        standing.remove(clusterUid);
    }

    static Duration[] seconds(double... seconds) {
        return java.util.Arrays.stream(seconds)
                .mapToObj(s -> Duration.ofMillis(Math.round(s * 1000)))
                .toArray(Duration[]::new);
    }
}
