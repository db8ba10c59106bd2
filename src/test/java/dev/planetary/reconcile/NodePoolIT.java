package dev.planetary.reconcile;

import static dev.planetary.reconcile.PoolFlow.SPOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.AgentPool;
import dev.planetary.azure.FakeAks;
import dev.planetary.azure.FakeAks.Reply;
import dev.planetary.it.ApiServer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A node pool's life, between a real API server and a fake of Azure that is spoken to by the real SDK. */
class NodePoolIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final PoolFlow flow = new PoolFlow(API);

    @Test
    void is_made_from_nothing() {
        // When
        flow.apply("a", SPOT + ", zones: ['1', '2'], labels: {team: geo}, tags: {cost: x}, gpu: 1");

        // Then
        var status = flow.await("a", "Ready: AsAsked");
        assertThat(status.region()).isEqualTo("westeurope");
        assertThat(status.nodes()).isZero();
        assertThat(status.provisioningState()).isEqualTo("Succeeded");
        var name = flow.full("a");
        var made = FakeAks.properties(flow.arm().aks().pool(status.poolName()).orElseThrow());
        assertThat(made.path("nodeLabels").toString())
                .contains("\"planetary.dev/node-pool\":\"" + name + "\"", "\"team\":\"geo\"");
        assertThat(made.path("nodeTaints").toString())
                .contains("planetary.dev/node-pool=" + name + ":NoSchedule", "sku=gpu:NoSchedule");
        assertThat(made.path("tags").path(AgentPool.OWNER).asText())
                .isEqualTo(flow.pool("a").get().getMetadata().getUid());
        assertThat(flow.arm().aks().made()).hasSize(1);
        Flow.until().until(() -> flow.events("a").contains("Creating"));
    }

    @Test
    void is_changed_where_Azure_can_change_it() {
        flow.apply("a", SPOT);
        var before = flow.await("a", "Ready: AsAsked").poolName();

        flow.change(
                "a", "minNodes: 2, maxNodes: 5, labels: {team: geo}, taints: [{key: slow, effect: PreferNoSchedule}]");

        var after = flow.await("a", "Ready: AsAsked");
        assertThat(after.poolName()).isEqualTo(before);
        assertThat(after.nodes()).isEqualTo(2);
        var pool = FakeAks.properties(flow.arm().aks().pool(before).orElseThrow());
        assertThat(pool.path("maxCount").asInt()).isEqualTo(5);
        assertThat(pool.path("nodeTaints").toString()).contains("slow=:PreferNoSchedule");
        assertThat(flow.arm().aks().made()).hasSize(1);
    }

    @Test
    void is_replaced_where_Azure_cannot_and_the_old_one_goes_last() {
        flow.apply("a", SPOT);
        var before = flow.await("a", "Ready: AsAsked").poolName();

        flow.change("a", "vmSize: Standard_D16s_v5");

        var after = flow.await("a", "Ready: AsAsked").poolName();
        assertThat(after).isNotEqualTo(before);
        assertThat(flow.arm().aks().names()).containsExactly(after);
        var writes = flow.arm().writes().stream()
                .map(c -> c.method() + " " + c.pool())
                .toList();
        assertThat(writes).containsExactly("PUT " + before, "PUT " + after, "DELETE " + before);
        Flow.until().until(() -> flow.events("a").contains("Replacing"));
    }

    @Test
    void is_gone_before_its_object_is() {
        flow.apply("a", SPOT);
        var name = flow.await("a", "Ready: AsAsked").poolName();
        flow.arm().aks().take(Duration.ofHours(1));

        flow.pool("a").delete();

        flow.await("a", "Deleting: Deleting");
        assertThat(flow.arm().aks().names()).containsExactly(name);
        flow.arm().aks().finish();
        flow.await("a", "gone");
        assertThat(flow.arm().aks().names()).isEmpty();
    }

    @Test
    void is_left_behind_where_that_is_asked_for_also_without_Azure() {
        flow.apply("a", SPOT + ", deletionPolicy: Orphan");
        var name = flow.await("a", "Ready: AsAsked").poolName();
        flow.arm().breaks(_ -> Optional.of(Reply.error(503, "ServerTimeout", "away")));

        flow.pool("a").delete();

        flow.await("a", "gone");
        assertThat(flow.arm().aks().names()).containsExactly(name);
    }

    @Test
    void an_object_that_never_had_a_pool_goes_at_once() {
        flow.arm()
                .breaks(c -> c.write() ? Optional.of(Reply.error(403, "AuthorizationFailed", "no")) : Optional.empty());
        flow.apply("a", SPOT);
        flow.await("a", "Failed: Forbidden");

        flow.pool("a").delete();

        flow.await("a", "gone");
    }

    @Test
    void one_operation_runs_at_a_time_whatever_is_asked() {
        flow.arm().aks().take(Duration.ofMillis(200));
        List.of("a", "b", "c", "d").forEach(name -> flow.apply(name, SPOT));

        List.of("a", "b", "c", "d").forEach(name -> flow.await(name, "Ready: AsAsked"));

        // A second one at a time would have been refused, and told.
        assertThat(flow.arm().writes()).hasSize(4);
    }

    @Test
    void what_a_former_process_has_begun_is_taken_up() {
        flow.arm().aks().take(Duration.ofHours(1));
        flow.apply("a", SPOT);
        Flow.until().until(() -> !flow.arm().aks().made().isEmpty());

        flow.restart();

        flow.await("a", "Updating: Creating");
        flow.arm().aks().finish();
        flow.await("a", "Ready: AsAsked");
        assertThat(flow.arm().aks().made()).hasSize(1);
        assertThat(flow.arm().writes()).hasSize(1);
    }

    @Test
    void the_number_of_nodes_is_the_autoscaler_s_and_is_told() {
        flow.apply("a", SPOT);
        var name = flow.await("a", "Ready: AsAsked").poolName();

        var pool = FakeAks.properties(flow.arm().aks().pool(name).orElseThrow());
        flow.arm().aks().put(name, pool.put("count", 7));

        Flow.until().until(() -> Integer.valueOf(7).equals(flow.status("a").nodes()));
        assertThat(flow.arm().writes()).hasSize(1);
    }

    @Test
    void at_rest_nothing_is_written_and_without_pools_Azure_is_not_asked() {
        flow.apply("a", SPOT);
        flow.await("a", "Ready: AsAsked");
        var version = version();
        var calls = flow.arm().calls().size();
        Flow.until().until(() -> flow.arm().calls().size() > calls + 6);
        assertThat(version()).isEqualTo(version);

        flow.pool("a").delete();
        flow.await("a", "gone");
        // A look may be under way still.
        Flow.until().until(() -> flow.wire().quietFor(Duration.ofSeconds(1)));
    }

    private String version() {
        PlanetaryNodePool pool = flow.pool("a").get();
        return pool.getMetadata().getResourceVersion();
    }
}
