package dev.planetary.reconcile;

import static dev.planetary.reconcile.PoolFlow.SPOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.azure.FakeAks;
import dev.planetary.azure.FakeAks.Failure;
import dev.planetary.azure.FakeAks.Reply;
import dev.planetary.desired.PoolModel;
import dev.planetary.it.ApiServer;
import dev.planetary.reconcile.Wire.Fault;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What keeps a node pool from being as asked: Azure that is at work, refuses, or asks to wait; and others who changed it. */
class NodePoolTroubleIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final PoolFlow flow = new PoolFlow(API);

    @Test
    void waits_while_somebody_else_is_at_work_and_says_so() {
        flow.arm().aks().cluster("Upgrading", "Running");

        flow.apply("a", SPOT);

        flow.await("a", "Pending: OperationInProgress");
        assertThat(flow.message("a")).isEqualTo("waits: Azure is at work on the AKS cluster aks (Upgrading)");
        assertThat(flow.arm().writes()).isEmpty();
        flow.arm().aks().cluster("Succeeded", "Running");
        flow.await("a", "Ready: AsAsked");
    }

    @Test
    void writes_nothing_to_a_cluster_that_is_stopped() {
        flow.arm().aks().cluster("Succeeded", "Stopped");

        flow.apply("a", SPOT);

        flow.await("a", "Pending: OperationInProgress");
        assertThat(flow.message("a")).isEqualTo("waits: the AKS cluster aks is stopped");
        assertThat(flow.arm().writes()).isEmpty();
    }

    @Test
    void a_quota_that_does_not_suffice_is_told_with_its_numbers() {
        flow.arm()
                .breaks(c -> c.write()
                        ? Optional.of(Reply.error(
                                400,
                                "OperationNotAllowed",
                                "exceeding approved standardDSv5Family Cores quota. Current Limit: 10, Current Usage: 8, Additional Required: 8,"
                                        + " (Minimum) New Limit Required: 16"))
                        : Optional.empty());

        flow.apply("a", SPOT + ", minNodes: 1");

        var status = flow.await("a", "Failed: QuotaExceeded");
        assertThat(flow.message("a"))
                .contains("limit 10, in use 8, 8 more wanted")
                .endsWith("tried again at " + status.retryAt());
        assertThat(status.condition(Condition.STALLED)).isPresent();
        Flow.until().until(() -> flow.events("a").contains("QuotaExceeded"));

        // When a process that remembers nothing takes over, then it does not hurry either.
        flow.restart();
        Flow.until()
                .until(() -> flow.arm().calls().stream().filter(c -> !c.write()).count() > 6);
        assertThat(flow.arm().writes()).hasSize(1);
    }

    @Test
    void missing_capacity_is_told_when_Azure_finds_out() {
        flow.arm().aks().fail(_ -> Optional.of(new Failure("ZonalAllocationFailed", "no room in zone 1")));

        flow.apply("a", SPOT + ", minNodes: 1, zones: ['1']");

        var status = flow.await("a", "Updating: NoCapacity");
        assertThat(status.provisioningState()).isEqualTo("Failed");
        assertThat(flow.message("a")).startsWith("Azure has no Standard_D8s_v5 on spot in zones 1 now; without zones");
        assertThat(status.condition(Condition.RECONCILING)).isPresent();
    }

    @Test
    void a_throttled_look_is_told_and_waited_for() {
        flow.arm()
                .breaks(_ -> Optional.of(Reply.error(429, "Throttled", "slowly").with("Retry-After", "2")));

        flow.apply("a", SPOT);

        flow.await("a", "Pending: Throttled");
        assertThat(flow.message("a")).contains("; asked again at ");
        flow.arm().breaks(_ -> Optional.empty());
        flow.await("a", "Ready: AsAsked");
    }

    @Test
    void a_pool_of_that_name_that_is_somebody_else_s_is_not_touched() {
        flow.stop();
        var pool = flow.apply("a", SPOT);
        var name = PoolModel.of(pool).name();
        var theirs =
                FakeAks.JSON.createObjectNode().put("vmSize", "Standard_D8s_v5").put("count", 3);
        flow.arm().aks().put(name, theirs);

        flow.restart();

        flow.await("a", "Failed: Conflict");
        assertThat(flow.message("a")).contains(name, "not this object's by its tags");
        flow.pool("a").delete();
        flow.await("a", "gone");
        assertThat(flow.arm().writes()).isEmpty();
        assertThat(flow.arm().aks().names()).containsExactly(name);
    }

    @Test
    void an_end_that_the_API_server_refuses_each_time_is_tried_again_in_growing_pauses() {
        flow.apply("a", SPOT);
        flow.await("a", "Ready: AsAsked");
        var tried = new CopyOnWriteArrayList<Instant>();
        flow.wire().breaks(sent -> {
            if (!sent.is("PATCH planetarynodepools")) {
                return Optional.empty();
            }
            tried.add(Instant.now());
            return Optional.of(new Fault.Answer(403, "Forbidden", "not now"));
        });

        flow.pool("a").delete();

        Flow.until().until(() -> tried.size() >= 5);
        // Were it told of its own looks at Azure, it would be tried again at once.
        assertThat(Duration.between(tried.get(0), tried.get(4))).isGreaterThan(Duration.ofSeconds(3));
        flow.wire().heals();
        flow.await("a", "gone");
    }

    @Test
    void what_others_change_in_Azure_is_put_right() {
        flow.apply("a", SPOT);
        var name = flow.await("a", "Ready: AsAsked").poolName();

        var pool = FakeAks.properties(flow.arm().aks().pool(name).orElseThrow());
        flow.arm().aks().put(name, pool.put("maxCount", 900));

        Flow.until()
                .until(() -> FakeAks.properties(flow.arm().aks().pool(name).orElseThrow())
                                .path("maxCount")
                                .asInt()
                        == 20);
    }
}
