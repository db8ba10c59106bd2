package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.api.PlanetaryClusterStatus.StopReason;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clusters of one namespace that want more than it may have. */
class LimitsIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void theSecondGetsWhatIsLeftAndTheRestWhenTheFirstIsDeleted() {
        // Given
        limit(null, "4");
        flow.apply("a", "workers: {replicas: 3}");
        flow.comeUp("a", 3);

        // When
        flow.apply("b", "workers: {replicas: 3}");

        // Then
        flow.comeUp("b", 1);
        assertThat(flow.message("b", Condition.LIMITED))
                .isEqualTo("LimitReached: 1 of 3 workers: the namespace may have 4 workers"
                        + " (setting planetary.limits.workers), and others have 3 (a 3)");
        assertThat(flow.message("b", Condition.READY)).contains("scheduler and 1 workers ready; 1 of 3 workers");
        assertThat(flow.status("b").orElseThrow().workers().desired()).isEqualTo(1);
        assertThat(flow.condition("a", Condition.LIMITED)).isEmpty();

        // When nothing changes, nothing is written or asked
        flow.settle();
        flow.wire().forget();
        flow.pods().poke(flow.pods().get("b-default-0"), "1");
        flow.pods().poke(flow.pods().get("a-default-0"), "1");
        flow.settle();
        assertThat(flow.wire().requests()).isEmpty();

        // When
        flow.cluster("a").delete();
        flow.settle();

        // Then nothing is free yet, for its pods are there
        assertThat(flow.pods().workers("b")).hasSize(1);

        // When they are gone
        flow.pods().of("a").forEach(flow.pods()::gone);

        // Then it grows, though nothing of its own has changed
        Flow.until().until(() -> flow.pods().workers("b").size() == 3);
        flow.join("b", flow.pods().workers("b"));
        Flow.until()
                .until(() -> flow.ready("b")
                        && flow.status("b").orElseThrow().workers().ready() == 3);
        assertThat(flow.condition("b", Condition.LIMITED)).isEmpty();
        assertThat(flow.events("b", "LimitReached")).hasSize(1);
        // A pass of the other one may still have been under way.
        assertThat(flow.wire().requests())
                .filteredOn(sent -> !sent.path().contains("/a-"))
                .noneMatch(sent -> sent.what().startsWith("GET"));
    }

    @Test
    void aClusterTooManyWaitsWithoutPodsUntilAnotherIsSuspended() {
        // Given
        limit("1", null);
        flow.apply("a", "workers: {replicas: 1}");
        flow.comeUp("a", 1);

        // When
        flow.apply("b", "workers: {replicas: 2}, maxLifetime: 10s");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("b", Condition.RECONCILING))
                .startsWith("LimitReached: the namespace may have 1 cluster (setting planetary.limits.clusters),"
                        + " and others have 1 (a); the cluster starts when there is room"));
        flow.settle();
        assertThat(flow.pods().of("b")).isEmpty();
        assertThat(flow.status("b").orElseThrow().phase()).isEqualTo(Phase.Pending);
        assertThat(flow.status("b").orElseThrow().startedAt()).isNull();
        assertThat(flow.events("b", "LimitReached")).hasSize(1);

        // When
        flow.change("a", "suspend: true");
        Flow.until().until(() -> flow.pods().of("a").isEmpty());

        // Then
        flow.comeUp("b", 2);
        assertThat(flow.status("b").orElseThrow().startedAt()).isNotNull();

        // When
        flow.change("a", "suspend: false");

        // Then it is a's turn to wait
        Flow.until().untilAsserted(() -> assertThat(flow.message("a", Condition.READY))
                .startsWith("LimitReached: "));
        flow.settle();
        assertThat(flow.pods().of("a")).isEmpty();
        assertThat(flow.pods().of("b")).hasSize(3);
    }

    @Test
    void aClusterThatCanHaveNoPodsTakesNothingFromOthers() {
        // Given
        limit("1", null);
        flow.apply("a", "workers: {replicas: 1, nodePool: nowhere}");
        Flow.until().until(() -> flow.message("a", Condition.READY).startsWith("NodePoolNotFound: "));

        // When
        flow.apply("b", "workers: {replicas: 1}");

        // Then
        flow.comeUp("b", 1);
        flow.settle();
        assertThat(flow.pods().of("a")).isEmpty();
    }

    @Test
    void aJobsOwnClusterThatStillWaitsWhenTheJobEndsStartsForNobody() {
        // Given
        limit("1", null);
        flow.apply("a", "workers: {replicas: 1}");
        flow.comeUp("a", 1);
        flow.applyJob("j", "cluster: {workers: {replicas: 1}}, script: x, clusterAfter: Stop, startDeadline: 10s");
        flow.awaitJob("j", "Failed: StartDeadlineExceeded");
        var own = flow.jobStatus("j").clusterName();

        // When there is room
        flow.cluster("a").delete();

        // Then
        Flow.until()
                .untilAsserted(() ->
                        assertThat(flow.status(own).orElseThrow().stopReason()).isEqualTo(StopReason.JobEnded));
        flow.settle();
        assertThat(flow.pods().of(own)).isEmpty();
    }

    @Test
    void whatOneGivesBackIsAnothersWhenItIsGone() {
        // Given
        limit(null, "4");
        flow.apply("a", "workers: {replicas: 3}");
        flow.comeUp("a", 3);
        flow.apply("b", "workers: {replicas: 3}");
        flow.comeUp("b", 1);

        // When
        flow.change("a", "workers: {replicas: 1}");
        Flow.until().until(() -> !flow.scheduler("a").retireRequests.isEmpty());
        flow.settle();

        // Then they are still there, and nobody else's
        assertThat(flow.pods().workers("b")).hasSize(1);

        // When they have left
        var leaving = flow.scheduler("a").retireRequests.getFirst();
        flow.pods().workers("a").stream()
                .filter(p -> leaving.contains(p.getMetadata().getUid()))
                .forEach(p -> {
                    flow.scheduler("a").closes(p);
                    flow.pods().succeed(p);
                });

        // Then
        Flow.until().until(() -> flow.pods().workers("b").size() == 3);
    }

    @Test
    void manyAtOnceKeepWithinTheLimitAndTheOldestComesFirst() {
        // Given
        limit(null, "5");

        // When
        IntStream.range(0, 6).forEach(i -> flow.apply("c" + i, "workers: {replicas: 2}"));

        // Then
        Flow.until().untilAsserted(() -> assertThat(workers()).hasSize(5));
        Flow.until().until(() -> IntStream.range(2, 6)
                .allMatch(i -> flow.condition("c" + i, Condition.LIMITED).isPresent()));
        flow.settle();
        assertThat(workers())
                .extracting(p -> p.getMetadata().getName())
                .containsExactlyInAnyOrder(
                        "c0-default-0", "c0-default-1", "c1-default-0", "c1-default-1", "c2-default-0");
        assertThat(flow.pods().schedulers("c3")).isEmpty();
    }

    @Test
    void aLoweredLimitTakesNothingFromWhoRuns() {
        // Given
        flow.apply("a", "workers: {replicas: 3}");
        flow.comeUp("a", 3);
        flow.apply("b", "workers: {replicas: 2}");
        flow.comeUp("b", 2);
        flow.settle();

        // When
        limit("1", "2");
        flow.change("a", "workers: {replicas: 4}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("a", Condition.LIMITED))
                .startsWith("LimitReached: 3 of 4 workers: the namespace may have 2 workers"));
        flow.settle();
        assertThat(flow.pods().workers("a")).hasSize(3);
        assertThat(flow.pods().workers("b")).hasSize(2);
        assertThat(flow.scheduler("a").retireRequests).isEmpty();
        assertThat(flow.scheduler("b").retireRequests).isEmpty();
        assertThat(flow.ready("a")).isTrue();

        // When: what is asked for less goes as ever
        flow.change("a", "workers: {replicas: 1}");
        Flow.until().untilAsserted(() -> assertThat(flow.scheduler("a").retireRequests)
                .singleElement()
                .satisfies(uids -> assertThat(uids).hasSize(2)));
    }

    private void limit(String clusters, String workers) {
        flow.restart(new TestSettings(Flow.IMAGE).with(TestLimits.of(clusters, workers, null, null)));
    }

    private List<Pod> workers() {
        return IntStream.range(0, 6)
                .mapToObj(i -> flow.pods().workers("c" + i))
                .flatMap(List::stream)
                .toList();
    }
}
