package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.it.ApiServer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** More and fewer workers. */
class ScalingIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void anAutoscaledGroupFollowsItsTargetAndGivesBackAfterAWhile() {
        // Given
        flow.apply("c", "workers: {autoscale: {min: 1, max: 3}}");
        flow.comeUp("c", 1);
        var scheduler = flow.scheduler("c");
        Flow.until().until(scheduler::knowsGroups);

        // When
        scheduler.wants(Map.of("default", 9));

        // Then
        Flow.until().until(() -> flow.pods().workers("c").size() == 3);
        flow.join("c", flow.pods().workers("c"));
        Flow.until().until(() -> flow.ready("c"));

        // When
        scheduler.wants(Map.of("default", 0));

        // Then, and the user's object was never written
        Flow.until().untilAsserted(() -> assertThat(scheduler.retireRequests)
                .singleElement()
                .satisfies(uids -> assertThat(uids).hasSize(2)));
        Flow.until().until(() -> flow.status("c").orElseThrow().workers().desired() == 1);
        assertThat(flow.cluster("c").get().getMetadata().getGeneration()).isEqualTo(1);
    }

    @Test
    void upMakesTheMissingOnesUnderTheLowestFreeNumbers() {
        // Given numbers 0 and 2
        flow.apply("c", "workers: {replicas: 3}");
        flow.comeUp("c", 3);
        flow.scheduler("c")
                .loaded(flow.pods().get("c-default-0"), 10, 0)
                .loaded(flow.pods().get("c-default-2"), 10, 0);
        flow.change("c", "workers: {replicas: 2}");
        Flow.until().until(() -> !flow.scheduler("c").retireRequests.isEmpty());
        leave("c-default-1");
        Flow.until().until(() -> flow.ready("c") && flow.pods().workers("c").size() == 2);

        // When
        flow.change("c", "workers: {replicas: 5}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.pods().workerNames("c"))
                .containsExactly("c-default-0", "c-default-1", "c-default-2", "c-default-3", "c-default-4"));
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.READY))
                .contains("2 of 5 workers ready"));
        Flow.until().untilAsserted(() -> assertThat(flow.events("c", "Created")).contains("3 workers"));
    }

    @Test
    void downRetiresTheCheapestAndDeletesNoneThatRuns() {
        // Given: 0 runs a task, 1 holds much, 2 little, 3 nothing
        flow.apply("c", "workers: {replicas: 4}");
        flow.comeUp("c", 4);
        var scheduler = flow.scheduler("c");
        scheduler
                .loaded(flow.pods().get("c-default-0"), 0, 1)
                .loaded(flow.pods().get("c-default-1"), 1_000_000, 0)
                .loaded(flow.pods().get("c-default-2"), 10, 0);

        // When
        flow.change("c", "workers: {replicas: 2}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(scheduler.retireRequests)
                .contains(Set.of(uid("c-default-2"), uid("c-default-3"))));
        flow.settle();
        assertThat(scheduler.retireRequests).hasSize(1);
        assertThat(flow.pods().workers("c"))
                .hasSize(4)
                .allMatch(p -> p.getMetadata().getDeletionTimestamp() == null);
        assertThat(flow.status("c")).get().satisfies(s -> {
            assertThat(s.workers().retiring()).isEqualTo(2);
            assertThat(s.workers().replicas()).isEqualTo(2);
        });

        // When they have given their results away
        leave("c-default-2");
        leave("c-default-3");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.pods().workerNames("c"))
                .containsExactly("c-default-0", "c-default-1"));
        Flow.until().untilAsserted(() -> assertThat(
                        flow.status("c").orElseThrow().workers().retiring())
                .isZero());
        assertThat(String.join(" ", flow.events("c", "ScaledDown")))
                .contains("c-default-2", "c-default-3", "2 workers are wanted");
        assertThat(String.join(" ", flow.events("c", "Retired"))).contains("c-default-2", "c-default-3");
        assertThat(flow.events("c", "Completed")).isEmpty();
        assertThat(flow.ready("c")).isTrue();
    }

    @Test
    void downDeletesWhatHoldsNothing() {
        // Given: 0 works, 1 runs but has not registered, 2 is Pending
        flow.apply("c", "workers: {replicas: 3}");
        Flow.until().until(() -> flow.pods().of("c").size() == 4);
        flow.pods().run(flow.pods().get("c-scheduler-0"));
        flow.join("c", List.of(flow.pods().get("c-default-0")));
        flow.pods().run(flow.pods().get("c-default-1"));
        Flow.until().until(() -> flow.message("c", Condition.READY).contains("1 of 3 workers ready"));

        // When
        flow.change("c", "workers: {replicas: 1}");

        // Then
        Flow.until()
                .untilAsserted(() -> assertThat(flow.pods().workerNames("c")).containsExactly("c-default-0"));
        Flow.until().until(() -> flow.ready("c"));
        assertThat(flow.scheduler("c").retireRequests).isEmpty();
    }

    @Test
    void downWaitsForASilentSchedulerAndSaysSo() {
        // Given
        flow.apply("c", "workers: {replicas: 3}");
        flow.comeUp("c", 3);
        var scheduler = flow.scheduler("c").silent(true);
        Flow.until().until(() -> !flow.ready("c"));

        // When
        flow.change("c", "workers: {replicas: 1}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.WORKERS_READY))
                .contains("2 more workers than wanted"));
        assertThat(flow.pods().workers("c"))
                .hasSize(3)
                .allMatch(p -> p.getMetadata().getDeletionTimestamp() == null);

        // When
        scheduler.silent(false);

        // Then
        Flow.until().until(() -> scheduler.retireRequests.stream().anyMatch(r -> r.size() == 2));
        assertThat(flow.pods().workers("c")).hasSize(3);
    }

    @Test
    void upAgainWhileWorkersRetireKeepsThem() {
        // Given
        flow.apply("c", "workers: {replicas: 3}");
        flow.comeUp("c", 3);
        var scheduler = flow.scheduler("c").loaded(flow.pods().get("c-default-0"), 5, 0);
        flow.change("c", "workers: {replicas: 1}");
        Flow.until().until(() -> scheduler.retireRequests.stream().anyMatch(r -> r.size() == 2));

        // When
        flow.change("c", "workers: {replicas: 3}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(scheduler.cancelRequests)
                .contains(Set.of(uid("c-default-1"), uid("c-default-2"))));
        Flow.until().until(() -> flow.ready("c"));
        flow.settle();
        assertThat(flow.pods().workerNames("c")).containsExactly("c-default-0", "c-default-1", "c-default-2");
        assertThat(flow.events("c", "Created")).hasSize(1);
    }

    /** As a worker goes that was retired: the scheduler closes it, its process ends well. */
    private void leave(String pod) {
        var leaving = flow.pods().get(pod);
        flow.scheduler("c").closes(leaving);
        flow.pods().succeed(leaving);
    }

    private String uid(String pod) {
        return flow.pods().get(pod).getMetadata().getUid();
    }
}
