package dev.planetary.telemetry;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.GroupStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The clusters in numbers, read from the informer's cache when somebody scrapes: exact, and no work while nobody does. No namespace
 * and no name is a label: users make both, without end.
 */
final class ClusterGauges {
    private static final Supplier<Stream<PlanetaryCluster>> NOBODY = Stream::empty;

    private final MeterRegistry registry;
    private final Clock clock;
    private final Words reasons = new Words();
    private final Set<String> counted = ConcurrentHashMap.newKeySet();
    private volatile Supplier<Stream<PlanetaryCluster>> clusters = NOBODY;

    ClusterGauges(MeterRegistry registry, Clock clock) {
        this.registry = registry;
        this.clock = clock;
        for (var phase : Phase.values()) {
            gauge(
                    "planetary.clusters",
                    "Clusters by phase",
                    "phase",
                    phase.name(),
                    () -> count(c -> phase == phase(c)));
        }
        gauge("planetary.clusters", "Clusters by phase", "phase", "New", () -> count(c -> c.getStatus() == null));
        Gauge.builder(
                        "planetary.clusters.limited",
                        () -> count(c -> c.getStatus() != null
                                && c.getStatus().condition(Condition.LIMITED).isPresent()))
                .description("Clusters that have less than they ask for, on account of a limit of their namespace")
                .register(registry);
        workers("desired", GroupStatus::desired);
        workers("ready", GroupStatus::ready);
        workers("retiring", GroupStatus::retiring);
    }

    void follow(Supplier<Stream<PlanetaryCluster>> all) {
        clusters = all;
    }

    /** From now on clusters that are not ready for this reason are counted; there is no list of all reasons. */
    void reason(String reason) {
        var word = reasons.of(reason);
        if (!counted.add(word)) {
            return;
        }
        gauge(
                "planetary.clusters.not.ready",
                "Clusters that are not ready, by reason",
                "reason",
                word,
                () -> count(c -> isUnready(c, word)));
        Gauge.builder("planetary.clusters.not.ready.longest", () -> longest(word))
                .description(
                        "For how long a cluster that is not ready now, for this reason, has not been ready: the longest")
                .baseUnit("seconds")
                .tag("reason", word)
                .register(registry);
    }

    private void workers(String state, Function<GroupStatus, Integer> number) {
        gauge("planetary.workers", "Workers of all clusters and groups by state", "state", state, () -> clusters.get()
                .filter(c -> c.getStatus() != null)
                .flatMap(c -> c.getStatus().groups().stream())
                .mapToInt(g -> Optional.ofNullable(number.apply(g)).orElse(0))
                .sum());
    }

    private void gauge(String name, String description, String key, String value, Supplier<Number> number) {
        Gauge.builder(name, number).description(description).tag(key, value).register(registry);
    }

    private long count(java.util.function.Predicate<PlanetaryCluster> which) {
        return clusters.get().filter(which).count();
    }

    private double longest(String reason) {
        var now = clock.instant();
        return clusters.get()
                .filter(c -> isUnready(c, reason))
                .map(c -> Instant.parse(unready(c).orElseThrow().lastTransitionTime()))
                .mapToLong(since -> Math.max(0, Duration.between(since, now).toSeconds()))
                .max()
                .orElse(0);
    }

    private boolean isUnready(PlanetaryCluster cluster, String word) {
        return unready(cluster).filter(c -> reasons.of(c.reason()).equals(word)).isPresent();
    }

    private static Optional<Condition> unready(PlanetaryCluster cluster) {
        return Optional.ofNullable(cluster.getStatus())
                .flatMap(s -> s.condition(Condition.READY))
                .filter(c -> c.status() != Status.True);
    }

    private static Phase phase(PlanetaryCluster cluster) {
        return cluster.getStatus() == null ? null : cluster.getStatus().phase();
    }
}
