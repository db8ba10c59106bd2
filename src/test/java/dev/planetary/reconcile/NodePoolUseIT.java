package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clusters whose workers are to run on a node pool. */
class NodePoolUseIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    /** Node pools have no namespace: each test has a name of its own. */
    private final String pool = "p-" + UUID.randomUUID().toString().substring(0, 8);

    @AfterEach
    void clear() {
        API.client().resources(PlanetaryNodePool.class).withName(pool).delete();
    }

    @Test
    void wait_for_a_pool_that_is_not_there_yet() {
        flow.apply("c", "workers: {replicas: 1, nodePool: " + pool + "}");
        Flow.until().until(() -> flow.message("c", Condition.READY).startsWith("NodePoolNotFound: "));
        assertThat(flow.message("c", Condition.RECONCILING)).contains("there is no PlanetaryNodePool " + pool);
        assertThat(flow.pods().of("c")).isEmpty();

        apply("allowedNamespaces: {}");

        Flow.until().until(() -> flow.pods().of("c").size() == 2);
        var worker = flow.pods().get("c-default-0").getSpec();
        assertThat(worker.getAffinity()
                        .getNodeAffinity()
                        .getRequiredDuringSchedulingIgnoredDuringExecution()
                        .getNodeSelectorTerms()
                        .getFirst()
                        .getMatchExpressions())
                .containsExactly(new NodeSelectorRequirement("planetary.dev/node-pool", "In", List.of(pool)));
        assertThat(worker.getTolerations())
                .anyMatch(t -> "planetary.dev/node-pool".equals(t.getKey()) && pool.equals(t.getValue()));
    }

    @Test
    void do_without_the_workers_of_a_pool_that_is_not_there_and_have_the_others() {
        flow.apply("c", "workers: {replicas: 1}, workerGroups: [{name: gpu, replicas: 1, nodePool: " + pool + "}]");

        Flow.until().until(() -> flow.pods().of("c").size() == 2);
        assertThat(flow.pods().workers("c"))
                .allSatisfy(pod -> assertThat(pod.getMetadata().getName()).isEqualTo("c-default-0"));
        Flow.until().until(() -> flow.message("c", Condition.READY).startsWith("NodePoolNotFound: "));
    }

    @Test
    void say_what_they_wait_for() {
        apply("allowedNamespaces: {}");
        flow.apply("c", "workers: {replicas: 2, nodePool: " + pool + "}");
        Flow.until().until(() -> flow.pods().of("c").size() == 3);
        flow.pods().workers("c").forEach(flow.pods()::unschedulable);

        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.WAITS_FOR_NODES))
                .isEqualTo(
                        "NodesMissing: 2 of the workers of group default wait for nodes of pool %s (Standard_D8s_v5, ? of at most 4 nodes there):"
                                        .formatted(pool)
                                + " nobody has made it yet: does the role azure run?"));
    }

    @Test
    void are_refused_where_the_pool_does_not_allow_their_namespace() {
        apply("allowedNamespaces: {matchLabels: {kubernetes.io/metadata.name: elsewhere}}");
        flow.apply("c", "workers: {replicas: 1, nodePool: " + pool + "}");
        Flow.until().until(() -> flow.message("c", Condition.STALLED).startsWith("NodePoolNotAllowed: "));
        assertThat(flow.pods().of("c")).isEmpty();

        // When the administrator thinks better of it
        API.client()
                .resources(PlanetaryNodePool.class)
                .withName(pool)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "spec: {allowedNamespaces: {matchLabels: {kubernetes.io/metadata.name: %s}}}"
                                .formatted(flow.namespace()));

        // Then
        Flow.until().until(() -> flow.pods().of("c").size() == 2);
    }

    @Test
    void are_refused_by_an_operator_that_cannot_see_pools() {
        flow.restart(new TestSettings(Flow.IMAGE).withoutNodeWatch());

        flow.apply("c", "workers: {replicas: 1, nodePool: " + pool + "}");

        Flow.until().until(() -> flow.message("c", Condition.STALLED).startsWith("NodePoolsNotSeen: "));
        assertThat(flow.message("c", Condition.STALLED)).contains("leave nodePool out");
    }

    private void apply(String spec) {
        API.client()
                .resource(API.client()
                        .getKubernetesSerialization()
                        .unmarshal(
                                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryNodePool
                metadata: {name: %s}
                spec: {vmSize: Standard_D8s_v5, maxNodes: 4, %s}
                """
                                        .formatted(pool, spec),
                                PlanetaryNodePool.class))
                .create();
    }
}
