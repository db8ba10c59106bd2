package dev.planetary.e2e;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.e2e.AuditLog.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the operator costs the API server: with many clusters, with one, and with nothing to do. */
@Alone("counts requests")
class ManyE2E {
    private static final int CLUSTERS = 20;
    /** Half of what dask-kubernetes needs for a cluster of four workers. */
    private static final int REQUESTS = 20;

    private static final Duration QUIET = Duration.ofSeconds(Integer.getInteger("planetary.e2e.quiet", 120));

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void twentyClustersAtOnceComeUpWithoutAnErrorAndThenAllIsQuiet() {
        // When
        var begin = Instant.now();
        IntStream.range(0, CLUSTERS)
                .forEach(
                        i -> real.apply(
                                "c" + i,
                                """
                scheduler:
                  resources: {requests: {cpu: 10m, memory: 150Mi}, limits: {memory: 512Mi}}
                workers:
                  threads: 1
                  resources: {requests: {cpu: 10m, memory: 150Mi}, limits: {memory: 512Mi}}
                """));

        // Then
        Awaitility.await("none that is not ready")
                .atMost(Duration.ofMinutes(5))
                .pollInterval(Duration.ofSeconds(1))
                .until(this::notReady, Map::isEmpty);
        System.out.printf(
                "%d clusters were ready after %d s%n",
                CLUSTERS, Duration.between(begin, Instant.now()).toSeconds());
        assertThat(real.operator().log(begin).lines())
                .as("the operator's log")
                // Forty processes start on two cores: a thread that gets no time is the machine's trouble.
                .filteredOn(line -> !line.contains("BlockedThreadChecker"))
                .noneMatch(line -> line.contains("ERROR") || line.contains("Exception"));

        // And when nothing happens any more, and it is told that nobody uses them: two seconds for the last counter,
        // then
        Awaitility.await("all idle")
                .atMost(Duration.ofMinutes(3))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> clusters().stream().allMatch(c -> c.getStatus().idleSince() != null));
        var quiet = Instant.now().plusSeconds(2);
        Awaitility.await("quiet")
                .atMost(QUIET.plusMinutes(1))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> Instant.now().isAfter(quiet.plus(QUIET)));
        assertThat(AuditLog.since(quiet))
                .filteredOn(r -> r.writes() && r.namespace().equals(real.namespace())
                        || r.verb().equals("list"))
                .isEmpty();
        System.out.printf("and nothing was written or listed in the %d s thereafter%n", QUIET.toSeconds());
        assertThat(notReady()).isEmpty();

        // And all can go at once
        real.client()
                .resources(PlanetaryCluster.class)
                .inNamespace(real.namespace())
                .delete();
        Awaitility.await("no pods")
                .atMost(RealCluster.PATIENCE)
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> real.client()
                        .pods()
                        .inNamespace(real.namespace())
                        .list()
                        .getItems()
                        .isEmpty());
    }

    @Test
    void aClusterOfFourWorkersCostsFewRequests() {
        // When
        var begin = Instant.now();
        real.applySmall("c", 4);
        real.awaitReady("c");

        // Then: what follows the status within a moment belongs to it
        Awaitility.await().until(() -> real.events("Ready"), notes -> !notes.isEmpty());
        var requests = AuditLog.since(begin).stream()
                .filter(r -> r.namespace().equals(real.namespace()) && !r.watches())
                .toList();
        System.out.printf(
                "A cluster of 1 + 4 cost %d requests: %s%n",
                requests.size(), new TreeMap<>(requests.stream().collect(groupingBy(Request::right, counting()))));
        assertThat(requests).as("events: " + real.events("")).hasSizeLessThanOrEqualTo(REQUESTS);
        assertThat(requests).as("refused").allMatch(r -> r.code() < 400);
    }

    /** Cluster to what its Ready says. */
    private Map<String, String> notReady() {
        var told = new TreeMap<String, String>();
        clusters().stream()
                .filter(c -> !ready(c))
                .forEach(c -> told.put(c.getMetadata().getName(), String.valueOf(c.getStatus())));
        return told;
    }

    private static boolean ready(PlanetaryCluster cluster) {
        return cluster.getStatus() != null
                && cluster.getStatus()
                        .condition("Ready")
                        .filter(r -> r.status() == Status.True)
                        .isPresent();
    }

    private List<PlanetaryCluster> clusters() {
        return real.client()
                .resources(PlanetaryCluster.class)
                .inNamespace(real.namespace())
                .list()
                .getItems();
    }
}
