package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.it.ApiServer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pods that end although they are wanted. */
class ReplacementIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @BeforeEach
    void aRunningCluster() {
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);
    }

    @Test
    void aFailedWorkerIsReplacedAndItsLastWordsAreTold() {
        // When
        flow.pods().fail(flow.pods().get("c-default-0"));

        // Then: under a new number, for the old pod had its name when the new one was made
        replaced(List.of("c-default-1", "c-default-2"));
        told("Failed", "c-default-0: exit code 3: No module named 'dask'");
    }

    @Test
    void anEvictedWorkerIsReplacedAndTheNodesReasonIsTold() {
        flow.pods().evict(flow.pods().get("c-default-0"));

        replaced(List.of("c-default-1", "c-default-2"));
        told("Evicted", "c-default-0: Evicted: The node was low on resource: memory.");
    }

    @Test
    void aWorkerThatEndsByItselfIsReplaced() {
        flow.pods().succeed(flow.pods().get("c-default-0"));

        replaced(List.of("c-default-1", "c-default-2"));
        told("Completed", "c-default-0 ended by itself");
    }

    @Test
    void aWorkerThatSomebodyDeletedIsMadeAgain() {
        // Given
        var lost = flow.pods().get("c-default-0");

        // When
        flow.pods().delete(lost);
        flow.scheduler("c").loses(lost);

        // Then: under the old name or the next, as the old pod was still seen going or not
        Flow.until().untilAsserted(() -> assertThat(flow.pods().workers("c"))
                .hasSize(2)
                .noneMatch(
                        p -> p.getMetadata().getUid().equals(lost.getMetadata().getUid())));
        told("Created", "1 worker");
    }

    @Test
    void aTerminatingWorkerKeepsItsNameAndIsReplacedAtOnce() {
        // Given
        var going = flow.pods().get("c-default-0");
        flow.pods().bind(going);

        // When
        flow.pods().delete(going);

        // Then: before the old one is gone
        Flow.until().untilAsserted(() -> assertThat(flow.pods().workerNames("c"))
                .containsExactly("c-default-0", "c-default-1", "c-default-2"));
        assertThat(flow.pods().get("c-default-0").getMetadata().getDeletionTimestamp())
                .isNotNull();
        Flow.until().untilAsserted(() -> assertThat(
                        flow.status("c").orElseThrow().workers().retiring())
                .isEqualTo(1));

        // When it is
        flow.join("c", List.of(flow.pods().get("c-default-2")));
        flow.scheduler("c").loses(going);
        flow.pods().gone(going);

        // Then
        Flow.until()
                .until(() -> flow.ready("c")
                        && flow.status("c").orElseThrow().workers().retiring() == 0);
        assertThat(flow.pods().workerNames("c")).containsExactly("c-default-1", "c-default-2");
    }

    @Test
    void aFailedSchedulerIsReplaced() {
        // When
        flow.pods().fail(flow.pods().get("c-scheduler-0"));

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.pods().schedulers("c"))
                .singleElement()
                .satisfies(p -> assertThat(p.getStatus().getPhase()).isEqualTo("Pending")));
        told("Failed", "c-scheduler-0: exit code 3: No module named 'dask'");
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.SCHEDULER_READY))
                .startsWith("SchedulerStarting"));

        // When it runs and the workers have found it
        flow.pods().run(flow.pods().schedulers("c").getFirst());
        flow.scheduler("c").register(flow.pods().workers("c"));

        // Then
        Flow.until().until(() -> flow.ready("c"));
        assertThat(flow.pods().workerNames("c")).containsExactly("c-default-0", "c-default-1");
    }

    @Test
    void aSecondSchedulerWaitsForTheEndOfTheFirst() {
        // Given
        var first = flow.pods().get("c-scheduler-0");
        flow.pods().bind(first);

        // When
        flow.pods().delete(first);
        Flow.until().until(() -> !flow.ready("c"));
        flow.settle();

        // Then
        assertThat(flow.pods().schedulers("c")).hasSize(1);

        // When
        flow.pods().gone(first);

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.pods().schedulers("c"))
                .singleElement()
                .satisfies(p -> assertThat(p.getMetadata().getUid())
                        .isNotEqualTo(first.getMetadata().getUid())));
    }

    private void replaced(List<String> instead) {
        Flow.until()
                .untilAsserted(() -> assertThat(flow.pods().workerNames("c")).isEqualTo(instead));
        flow.join("c", flow.pods().workers("c"));
        Flow.until().until(() -> flow.ready("c"));
    }

    private void told(String reason, String note) {
        Flow.until().untilAsserted(() -> assertThat(flow.events("c", reason)).contains(note));
    }
}
