package dev.planetary.telemetry;

import static dev.planetary.telemetry.Clusters.CREATED;
import static dev.planetary.telemetry.Clusters.made;
import static dev.planetary.telemetry.Clusters.ready;
import static dev.planetary.telemetry.Clusters.unready;
import static dev.planetary.telemetry.Clusters.with;
import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.status.Finding;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MetersTest {
    private static final Finding QUOTA = new Finding(false, "QuotaExceeded", "c-default-0 not created yet: …");

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Meters meters = new Meters(registry, Clock.fixed(CREATED.plusSeconds(100), ZoneOffset.UTC));
    private final List<PlanetaryCluster> cache = new ArrayList<>();

    MetersTest() {
        meters.follow(cache::stream);
    }

    @Test
    void countsWhatTheCacheShowsAtTheMomentOfScraping() {
        // Given
        cache.addAll(List.of(
                made("new"),
                with("a", ready(3)),
                with("b", ready(2)),
                with("c", unready(Phase.Degraded, "WorkerUnschedulable", 40)),
                with("d", unready(Phase.Degraded, "WorkerUnschedulable", 70))));

        // Then
        assertThat(gauge("planetary.clusters", "phase", "New")).isEqualTo(1);
        assertThat(gauge("planetary.clusters", "phase", "Running")).isEqualTo(2);
        assertThat(gauge("planetary.clusters", "phase", "Degraded")).isEqualTo(2);
        assertThat(gauge("planetary.clusters", "phase", "Failed")).isZero();
        assertThat(gauge("planetary.workers", "state", "desired")).isEqualTo(9);
        assertThat(gauge("planetary.workers", "state", "ready")).isEqualTo(5);
        assertThat(gauge("planetary.workers", "state", "retiring")).isEqualTo(2);

        // When they go
        cache.clear();

        // Then
        assertThat(gauge("planetary.clusters", "phase", "Running")).isZero();
    }

    @Test
    void tellsForHowLongTheOldestTroubleOfAReasonHasLasted() {
        // Given
        var trouble = unready(Phase.Degraded, "WorkerUnschedulable", 40);
        cache.add(with("c", trouble));
        cache.add(with("d", unready(Phase.Degraded, "WorkerUnschedulable", 70)));

        // When
        meters.told(cache.getFirst(), trouble, List.of());

        // Then
        assertThat(gauge("planetary.clusters.not.ready", "reason", "WorkerUnschedulable"))
                .isEqualTo(2);
        assertThat(gauge("planetary.clusters.not.ready.longest", "reason", "WorkerUnschedulable"))
                .isEqualTo(60);

        // And when it is over
        cache.clear();
        assertThat(gauge("planetary.clusters.not.ready.longest", "reason", "WorkerUnschedulable"))
                .isZero();
    }

    @Test
    void countsClustersThatALimitKeepsFromMore() {
        // Given
        cache.add(with("c", ready(1)));
        var limited = new Condition(
                Condition.LIMITED, Condition.Status.True, 1L, CREATED.toString(), "LimitReached", "in words");
        cache.add(with(
                "d",
                new PlanetaryClusterStatus(
                        1L, Phase.Running, List.of(ready(1).conditions().getFirst(), limited), null, null, List.of())));

        // Then
        assertThat(registry.get("planetary.clusters.limited").gauge().value()).isEqualTo(1);
    }

    @Test
    void countsAFindingWhenItBeginsNotWheneverItIsSeen() {
        // When
        var cluster = with("c", unready(Phase.Pending, "QuotaExceeded", 1));
        for (var pass = 0; pass < 5; pass++) {
            meters.told(cluster, cluster.getStatus(), List.of(QUOTA));
        }
        meters.told(cluster, cluster.getStatus(), List.of());
        meters.told(cluster, cluster.getStatus(), List.of(QUOTA));

        // Then
        assertThat(registry.get("planetary.findings")
                        .tag("reason", "QuotaExceeded")
                        .counter()
                        .count())
                .isEqualTo(2);
    }

    @Test
    void timesTheFirstTimeReady() {
        // When
        meters.told(made("c"), ready(1), List.of());
        meters.told(with("c", ready(1)), ready(1), List.of());

        // Then
        var timer = registry.get("planetary.cluster.first.ready").timer();
        assertThat(timer.count()).isEqualTo(1);
        assertThat(timer.totalTime(TimeUnit.SECONDS)).isEqualTo(100);
    }

    @Test
    void noMatterWhatReasonsAreGivenThereAreFewSeries() {
        // When a runtime makes reasons up, and somebody has many clusters
        IntStream.range(0, 1000).forEach(i -> {
            var status = unready(Phase.Pending, "Reason" + i, 1);
            cache.add(with("c" + i, status));
            meters.told(cache.getLast(), status, List.of(new Finding(false, "Reason" + i, "")));
            meters.givenUp("Reason" + i);
        });

        // Then
        assertThat(registry.getMeters()).hasSizeLessThan(300);
        assertThat(gauge("planetary.clusters.not.ready", "reason", Words.OTHER)).isEqualTo(1000 - Words.MOST);
        assertThat(registry.getMeters().stream().map(Meter::getId).flatMap(id -> id.getTags().stream()))
                .noneMatch(tag -> tag.getValue().contains("team-a"));
    }

    private double gauge(String name, String key, String value) {
        return registry.get(name).tag(key, value).gauge().value();
    }
}
