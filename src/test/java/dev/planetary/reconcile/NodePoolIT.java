package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.AgentPool;
import dev.planetary.azure.FakeAks;
import dev.planetary.azure.FakeAks.Failure;
import dev.planetary.azure.FakeAks.Reply;
import dev.planetary.desired.PoolModel;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A node pool's life, between a real API server and a fake of Azure that is spoken to by the real SDK. */
class NodePoolIT {
    private static final String SPOT = "vmSize: Standard_D8s_v5, priority: Spot, maxNodes: 20";

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

    @Test
    void the_rights_of_the_manifests_are_enough_and_all_are_used() throws IOException {
        flow.stop();
        var rules = grant("role-azure");
        flow.restartAs("role-azure");

        flow.apply("a", SPOT);
        flow.await("a", "Ready: AsAsked");
        flow.change("a", "maxNodes: 3");
        flow.await("a", "Ready: AsAsked");
        flow.pool("a").delete();
        flow.await("a", "gone");
        Flow.until().until(() -> flow.events("a").contains("Deleting"));
        byKarpenter();

        var used = flow.wire().sent().stream().map(NodePoolIT::right).collect(Collectors.toCollection(TreeSet::new));
        var granted = rules.stream()
                .flatMap(rule -> rule.getResources().stream()
                        .flatMap(what -> rule.getVerbs().stream().map(verb -> verb + " " + what)))
                .collect(Collectors.toCollection(TreeSet::new));
        // The SDK reads the object anew where its finalizer was not taken at first.
        used.add("get planetarynodepools");
        // Server-side apply of what is not there yet.
        used.addAll(List.of("create nodepools", "create aksnodeclasses"));
        assertThat(used).isEqualTo(granted);
    }

    private void byKarpenter() {
        var karpenter = new KarpenterByHand(flow);
        flow.apply("k", "mode: Karpenter, vmSize: Standard_D8s_v5, maxNodes: 20");
        flow.await("k", "Updating: KarpenterNotReady");
        flow.pool("k").delete();
        Flow.until().until(() -> karpenter.nodePool("k").getMetadata().getDeletionTimestamp() != null);
        karpenter.letsGo(karpenter.nodePool("k"));
        Flow.until().until(() -> karpenter.nodeClass("k").getMetadata().getDeletionTimestamp() != null);
        karpenter.letsGo(karpenter.nodeClass("k"));
        flow.await("k", "gone");
    }

    private static String right(Wire.Sent sent) {
        var parts = List.of(sent.path().replaceFirst("/namespaces/[^/]+", "").split("/"));
        var what = parts.get(4) + (parts.size() > 6 ? "/" + parts.get(6) : "");
        var verb =
                switch (sent.method()) {
                    case "GET" -> sent.query().contains("watch=true") ? "watch" : parts.size() > 5 ? "get" : "list";
                    case "POST" -> "create";
                    case "PUT" -> "update";
                    default -> sent.method().toLowerCase(Locale.ROOT);
                };
        return verb + " " + what;
    }

    /** The rules of the role azure, for a user. */
    private List<PolicyRule> grant(String user) throws IOException {
        var rules = Stream.of(Files.readString(Path.of("deploy/manifests/azure/rbac.yaml"))
                        .split("(?m)^---$"))
                .<HasMetadata>map(
                        yaml -> flow.client().getKubernetesSerialization().unmarshal(yaml))
                .filter(o ->
                        o instanceof ClusterRole && o.getMetadata().getName().equals("planetary-azure"))
                .map(ClusterRole.class::cast)
                .findFirst()
                .orElseThrow()
                .getRules();
        var meta = new ObjectMetaBuilder().withName(user).build();
        List.of(
                        new ClusterRoleBuilder()
                                .withMetadata(meta)
                                .withRules(rules)
                                .build(),
                        new ClusterRoleBindingBuilder()
                                .withMetadata(meta)
                                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", user)
                                .addNewSubject("rbac.authorization.k8s.io", "User", user, null)
                                .build())
                .forEach(o -> flow.client().resource(o).forceConflicts().serverSideApply());
        return rules;
    }

    private String version() {
        PlanetaryNodePool pool = flow.pool("a").get();
        return pool.getMetadata().getResourceVersion();
    }
}
