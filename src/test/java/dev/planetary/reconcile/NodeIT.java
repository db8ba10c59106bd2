package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Nodes that announce their end. */
@ResourceLock("nodes")
class NodeIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @BeforeEach
    void twoNodes() {
        for (var name : List.of(stays(), ends())) {
            flow.client()
                    .resource(new NodeBuilder()
                            .withNewMetadata()
                            .withName(name)
                            .endMetadata()
                            .build())
                    .create();
        }
    }

    @AfterEach
    void noNodes() {
        List.of(stays(), ends()).forEach(n -> flow.client().nodes().withName(n).delete());
    }

    @Test
    void workersOfATaintedNodeAreReplacedAtOnceAndRetired() {
        // Given
        up(ends());

        // When Azure takes the node back
        node(ends()).edit(n -> new NodeBuilder(n)
                .editSpec()
                .addNewTaint()
                .withKey("remediator.kubernetes.azure.com/unschedulable")
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec()
                .build());

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.scheduler("c").retireRequests)
                .containsExactly(Set.of(uid("c-default-1"))));
        Flow.until().untilAsserted(() -> assertThat(flow.pods().workerNames("c"))
                .containsExactly("c-default-0", "c-default-1", "c-default-2"));
        assertThat(flow.events("c", "NodeEnding"))
                .containsExactly(
                        "c-default-1: node " + ends() + " has the taint remediator.kubernetes.azure.com/unschedulable");

        // When the replacement works and the other has given its results away
        flow.pods().bind(flow.pods().get("c-default-2"), stays());
        flow.join("c", List.of(flow.pods().get("c-default-2")));
        var left = flow.pods().get("c-default-1");
        flow.scheduler("c").closes(left);
        flow.pods().succeed(left);

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.pods().workerNames("c"))
                .containsExactly("c-default-0", "c-default-2"));
        Flow.until().until(() -> flow.ready("c"));
        Flow.until().untilAsserted(() -> assertThat(flow.events("c", "Retired")).hasSize(1));
        assertThat(flow.scheduler("c").retireRequests).hasSize(1);
    }

    @Test
    void retirementIsCalledOffWhenTheNodeIsUncordonedInTime() {
        // Given
        up(ends());
        cordon(ends(), true);
        Flow.until().until(() -> !flow.scheduler("c").retireRequests.isEmpty());
        Flow.until().until(() -> flow.pods().workers("c").size() == 3);

        // When
        cordon(ends(), false);

        // Then the replacement, which has not started, is not needed any more
        Flow.until().untilAsserted(() -> assertThat(flow.scheduler("c").cancelRequests)
                .containsExactly(Set.of(uid("c-default-1"))));
        Flow.until().untilAsserted(() -> assertThat(flow.pods().workerNames("c"))
                .containsExactly("c-default-0", "c-default-1"));
        Flow.until().until(() -> flow.ready("c"));
        flow.settle();
        assertThat(flow.scheduler("c").retireRequests).hasSize(1);
    }

    @Test
    void theSchedulerStaysAndItIsSaid() {
        // Given
        up(stays());

        // When
        cordon(stays(), true);

        // Then
        var words =
                "the scheduler cannot leave without losing all results, and stays: node " + stays() + " is cordoned";
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.SCHEDULER_READY))
                .endsWith(words));
        Flow.until().untilAsserted(() -> assertThat(flow.events("c", "SchedulerNodeEnding"))
                .containsExactly(words));
        assertThat(flow.pods().schedulers("c"))
                .hasSize(1)
                .allMatch(p -> p.getMetadata().getDeletionTimestamp() == null);
    }

    @Test
    void whatElseHappensToNodesCostsNothing() {
        // Given
        up(ends());
        flow.settle();
        flow.wire().forget();

        // When
        for (var round = 0; round < 5; round++) {
            var text = "round " + round;
            node(ends()).edit(n -> new NodeBuilder(n)
                    .editMetadata()
                    .addToLabels("tests.planetary.dev/round", text.replace(' ', '-'))
                    .endMetadata()
                    .editSpec()
                    .addNewTaint()
                    .withKey("tests.planetary.dev/" + text.replace(' ', '-'))
                    .withEffect("NoSchedule")
                    .endTaint()
                    .endSpec()
                    .build());
            node(ends()).editStatus(n -> new NodeBuilder(n)
                    .editOrNewStatus()
                    .withConditions(new NodeConditionBuilder()
                            .withType("Ready")
                            .withStatus("True")
                            .withReason("Tests")
                            .withMessage(text)
                            .withLastHeartbeatTime(Instant.now().toString())
                            .build())
                    .endStatus()
                    .build());
        }
        flow.settle();

        // Then
        assertThat(flow.wire().requests()).isEmpty();
        assertThat(flow.scheduler("c").retireRequests).isEmpty();
    }

    /** Scheduler and worker 0 on the node that stays, worker 1 on another. */
    private void up(String other) {
        flow.apply("c", "workers: {replicas: 2}");
        Flow.until().until(() -> flow.pods().of("c").size() == 3);
        flow.pods().bind(flow.pods().get("c-scheduler-0"), stays());
        flow.pods().bind(flow.pods().get("c-default-0"), other.equals(stays()) ? ends() : stays());
        flow.pods().bind(flow.pods().get("c-default-1"), ends());
        flow.comeUp("c", 2);
    }

    private void cordon(String name, boolean cordoned) {
        node(name).edit(n -> new NodeBuilder(n)
                .editSpec()
                .withUnschedulable(cordoned ? true : null)
                .endSpec()
                .build());
    }

    private Resource<Node> node(String name) {
        return flow.client().nodes().withName(name);
    }

    private String uid(String pod) {
        return flow.pods().get(pod).getMetadata().getUid();
    }

    private String stays() {
        return flow.namespace() + "-stays";
    }

    private String ends() {
        return flow.namespace() + "-ends";
    }
}
