package dev.planetary.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.azure.core.exception.ClientAuthenticationException;
import com.azure.identity.WorkloadIdentityCredential;
import com.azure.identity.WorkloadIdentityCredentialBuilder;
import dev.planetary.azure.FakeAks.Failure;
import dev.planetary.azure.FakeAks.Reply;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** Azure's SDK over real sockets, against the fake of Azure Resource Manager. */
class ArmAgentPoolsTest {
    private static final PoolShape SPOT = new PoolShape(
            "np0123456789",
            "Standard_D8s_v5",
            true,
            Optional.of(new BigDecimal("0.25")),
            List.of("1", "2"),
            Optional.of(128),
            0,
            20,
            Map.of("planetary.dev/node-pool", "cpu-spot"),
            List.of("planetary.dev/node-pool=cpu-spot:NoSchedule"),
            Map.of(AgentPool.OWNER, "uid-1", AgentPool.OWNERS_NAME, "cpu-spot"));

    private final FakeArm arm = new FakeArm();
    private final AgentPools azure = arm.client();

    @AfterEach
    void close() {
        arm.close();
    }

    @Test
    void a_pool_that_is_made_is_listed_as_it_was_asked_for() throws Exception {
        arm.aks().take(Duration.ofSeconds(60));

        azure.create(SPOT);

        var made = azure.list().getFirst();
        assertThat(made.provisioningState()).isEqualTo("Creating");
        assertThat(made.settled()).isFalse();
        assertThat(made.belongsTo("uid-1")).isTrue();
        assertThat(SPOT.differs(made.shape())).isFalse();
        assertThat(made.shape())
                .usingRecursiveComparison()
                .ignoringFields("labels", "taints")
                .isEqualTo(SPOT);
        // AKS has added its own.
        assertThat(made.shape().taints()).contains("kubernetes.azure.com/scalesetpriority=spot:NoSchedule");
        assertThat(FakeAks.properties(arm.aks().pool(SPOT.name()).orElseThrow())
                        .path("scaleSetEvictionPolicy")
                        .asText())
                .isEqualTo("Delete");
    }

    @Test
    void a_pool_is_made_in_the_network_of_the_system_pool() throws Exception {
        var subnet =
                "/subscriptions/sub/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes";
        arm.aks()
                .put(
                        "system",
                        FakeAks.JSON.createObjectNode().put("mode", "System").put("vnetSubnetID", subnet));
        assertThat(azure.list()).hasSize(1);

        azure.create(SPOT);

        assertThat(FakeAks.properties(arm.aks().pool(SPOT.name()).orElseThrow())
                        .path("vnetSubnetID")
                        .asText())
                .isEqualTo(subnet);
    }

    @Test
    void the_cluster_tells_where_it_is_and_whether_it_runs() throws Exception {
        assertThat(azure.cluster()).isEqualTo(new AksCluster("aks", "westeurope", "Succeeded", true));

        arm.aks().cluster("Starting", "Stopped");

        assertThat(azure.cluster()).isEqualTo(new AksCluster("aks", "westeurope", "Starting", false));
        assertThat(azure.cluster().settled()).isFalse();
    }

    @Test
    void a_pool_that_is_there_is_not_made_again() throws Exception {
        azure.create(SPOT);

        assertThat(error(() -> azure.create(SPOT)).status()).isEqualTo(412);
    }

    @Test
    void a_change_keeps_what_AKS_and_its_autoscaler_have_set() throws Exception {
        azure.create(SPOT);
        var made = settled();
        var live = FakeAks.properties(arm.aks().pool(SPOT.name()).orElseThrow());
        arm.aks().put(SPOT.name(), live.put("count", 7).put("maxPods", 42));
        var wanted = new PoolShape(
                SPOT.name(),
                SPOT.vmSize(),
                true,
                SPOT.maxPrice(),
                SPOT.zones(),
                SPOT.diskGB(),
                2,
                5,
                Map.of("team", "geo"),
                SPOT.taints(),
                SPOT.tags());

        assertThat(error(() -> azure.update(made, wanted)).code()).isEqualTo("EtagMismatch");
        azure.update(azure.list().getFirst(), wanted);

        var changed = settled();
        assertThat(wanted.differs(changed.shape())).isFalse();
        assertThat(changed.nodes()).as("within the new bounds").isEqualTo(5);
    }

    @Test
    void a_pool_that_was_deleted_is_gone_after_a_while() throws Exception {
        azure.create(SPOT);
        var pool = settled();
        arm.aks().take(Duration.ofHours(1));

        azure.delete(pool);

        assertThat(azure.list().getFirst().isDeleting()).isTrue();
        arm.aks().finish();
        await().until(() -> azure.list().isEmpty());
    }

    @Test
    void deleting_what_is_gone_is_no_error() throws Exception {
        azure.create(SPOT);
        var pool = settled();
        azure.delete(pool);
        await().until(() -> azure.list().isEmpty());

        assertThat(azure.delete(pool)).isEmpty();
    }

    @Test
    void of_an_operation_that_failed_the_innermost_cause_is_told() throws Exception {
        arm.aks().fail(_ -> Optional.of(new Failure("AllocationFailed", "no room")));

        azure.create(SPOT);

        assertThat(settled().trouble()).contains(ArmError.later("AllocationFailed", "no room"));
    }

    @Test
    void a_throttled_call_says_when_to_come_again() {
        arm.breaks(_ -> Optional.of(Reply.error(429, "Throttled", "slowly").with("Retry-After", "17")));

        assertThat(error(azure::list))
                .isEqualTo(new ArmError(429, "Throttled", "slowly", Optional.of(Duration.ofSeconds(17))));
    }

    /** The SDK repeats by default: a PUT whose answer was lost was sent twice within seconds. */
    @Test
    void nothing_is_repeated_by_the_SDK() {
        arm.breaks(_ -> Optional.of(Reply.error(503, "ServerTimeout", "later")));

        assertThat(error(() -> azure.create(SPOT)).status()).isEqualTo(503);
        assertThat(error(azure::list).status()).isEqualTo(503);
        assertThat(arm.calls()).hasSize(2);
    }

    @Test
    void a_body_that_is_no_JSON_is_an_error_like_others() {
        arm.breaks(_ -> Optional.of(new Reply(502, Map.of(), "<html>bad gateway</html>")));

        assertThat(error(azure::list).status()).isIn(0, 502);
    }

    @Test
    void no_answer_at_all_is_an_error_like_others() {
        arm.close();

        assertThat(error(azure::list)).extracting(ArmError::status).isEqualTo(0);
    }

    @Test
    void somebody_unknown_is_refused() {
        var nobody = AzureLine.of(
                arm.settings(),
                arm.http(),
                _ -> Mono.error(new ClientAuthenticationException("no federated token", null)));

        assertThat(error(nobody::list).message()).contains("no federated token");
    }

    @Test
    void the_pod_s_own_token_is_changed_for_one_of_Azure(@TempDir Path folder) throws Exception {
        var file = Files.writeString(folder.resolve("token"), FakeArm.FEDERATED);

        assertThat(AzureLine.of(arm.settings(), arm.http(), workload(file)).list())
                .isEmpty();

        Files.writeString(file, "somebody-else");
        assertThat(error(AzureLine.of(arm.settings(), arm.http(), workload(file))::list)
                        .message())
                .contains("AADSTS700211");
    }

    private WorkloadIdentityCredential workload(Path token) {
        return new WorkloadIdentityCredentialBuilder()
                .tenantId("11111111-1111-1111-1111-111111111111")
                .clientId("22222222-2222-2222-2222-222222222222")
                .tokenFilePath(token.toString())
                .authorityHost(arm.endpoint().toString())
                .disableInstanceDiscovery()
                .httpClient(arm.http())
                .build();
    }

    private AgentPool settled() {
        return await().until(() -> azure.list().getFirst(), AgentPool::settled);
    }

    private interface Attempt {
        void run() throws ArmException;
    }

    private static ArmError error(Attempt attempt) {
        return catchThrowableOfType(ArmException.class, attempt::run).error();
    }
}
