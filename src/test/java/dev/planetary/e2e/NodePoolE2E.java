package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus;
import dev.planetary.azure.FakeArm;
import dev.planetary.azure.FakeMachines;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A node pool on an AKS whose Azure is a fake. Operator, role azure, kube-scheduler and Dask are the real ones; machines are nodes of
 * kwok's, and the workers that run on them live elsewhere.
 */
class NodePoolE2E {
    /** A JVM comes up three times, in a pod that has a small part of the machine. */
    private static final Duration PATIENCE = RealCluster.PATIENCE.multipliedBy(3);

    private static final Duration UNTIL_TOLD = Duration.ofHours(1);
    private static final Duration SOON = Duration.ofSeconds(1);

    /** Two such workers fill a machine of eight processors. */
    private static final String CLUSTER =
            """
            scheduler:
              resources: {requests: {cpu: 20m, memory: 400Mi}, limits: {memory: 2Gi}}
            workers:
              replicas: 20
              nodePool: %s
              spot: Require
              resources: {limits: {cpu: "4", memory: 14Gi}}
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    private final String pool = "p-" + UUID.randomUUID().toString().substring(0, 8);
    private FakeArm arm;
    private AzureRole role;
    private FakeMachines machines;
    private Kwok kwok;

    @BeforeEach
    void open() throws IOException {
        kwok = new Kwok(real);
        var here = AzureRole.here(real);
        arm = new FakeArm(Duration.ofSeconds(1), here);
        machines = new FakeMachines(arm.aks(), real.client());
        role = new AzureRole(real, arm, here);
    }

    @AfterEach
    void close() throws IOException {
        if (role != null) {
            role.close();
        }
        if (pool().get() != null) {
            pool().patch(PatchContext.of(PatchType.JSON_MERGE), "metadata: {finalizers: null}");
            pool().delete();
        }
        if (machines != null) {
            machines.close();
        }
        if (arm != null) {
            arm.close();
        }
        if (kwok != null) {
            kwok.close();
        }
    }

    @Test
    void aClusterLivesOnSpotMachinesFromNothingToNothing() {
        // Given a pool and a cluster on it, and the role lost while Azure makes the pool
        arm.aks().take(UNTIL_TOLD);
        create();
        real.apply("c", CLUSTER.formatted(pool));
        await("Azure makes the pool", () -> !arm.aks().made().isEmpty());
        role.kill();
        arm.aks().take(SOON);
        arm.aks().finish();
        awaitPool("Ready: AsAsked, 0 nodes");

        // Then
        // It heard of the pool while Azure was making it, and hears a moment later that it is there.
        var waits =
                ("20 of the workers of group default wait for nodes of pool %s (Standard_D8s_v5, 0 of at most 20 nodes there):"
                                + " agent pool %s has from 0 to 20 nodes, as pods ask for them")
                        .formatted(pool, status().poolName());
        real.await("c", PATIENCE, c -> waits(c).equals(waits));
        real.await("c", PATIENCE, c -> c.getStatus().condition(Condition.SCHEDULER_READY).stream()
                .anyMatch(s -> s.status() == Condition.Status.True));

        try (var workers = new WorkersElsewhere(real, "c")) {
            // When
            machines.autoscale();

            // Then there are as many machines as they need
            awaitTwenty();
            assertThat(machines.names()).hasSize(10);
            awaitPool("Ready: AsAsked, 10 nodes");
            assertThat(workers.compute(200)).isEqualTo(20);

            // When Azure takes half of them back
            var ending = machines.names().subList(0, 5);
            machines.announceEnd(ending);

            // Then results and workers leave in time, others come on other machines, and nothing is computed again
            await("the workers on them left", () -> real.workers("c").stream()
                    .noneMatch(w -> ending.contains(node(w))));
            machines.end(ending);
            awaitTwenty();
            assertThat(machines.names()).hasSize(10).doesNotContainAnyElementsOf(ending);
            assertThat(workers.check()).isEqualTo("True 0");

            // When nobody needs them
            machines.unneeded(SOON);
            real.scale("c", 0);

            // Then
            awaitPool("Ready: AsAsked, 0 nodes");
            assertThat(machines.names()).isEmpty();
        }

        // When all of it goes, and the role is lost while Azure deletes the pool
        real.delete("c");
        arm.aks().take(UNTIL_TOLD);
        pool().delete();
        awaitPool("Deleting: Deleting, 0 nodes");
        role.kill();
        arm.aks().finish();

        // Then
        awaitPool("gone");
        assertThat(arm.aks().names()).isEmpty();
        assertThat(arm.aks().made()).as("pools that were ever made").hasSize(1);
        assertThat(arm.aks().collisions()).isZero();
        assertThat(arm.tooMany()).isEmpty();
    }

    private void create() {
        real.client()
                .resource(real.client()
                        .getKubernetesSerialization()
                        .unmarshal(
                                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryNodePool
                metadata: {name: %s}
                spec:
                  vmSize: Standard_D8s_v5
                  priority: Spot
                  maxNodes: 20
                  allowedNamespaces: {matchLabels: {kubernetes.io/metadata.name: %s}}
                """
                                        .formatted(pool, real.namespace()),
                                PlanetaryNodePool.class))
                .create();
    }

    private Resource<PlanetaryNodePool> pool() {
        return real.client().resources(PlanetaryNodePool.class).withName(pool);
    }

    private PlanetaryNodePoolStatus status() {
        return pool().get().statusOrNothing();
    }

    private void awaitTwenty() {
        real.await(
                "c",
                PATIENCE,
                c -> c.getStatus().phase() == Phase.Running
                        && c.getStatus().workers().ready() == 20);
        assertThat(real.workers("c").stream()
                        .collect(Collectors.groupingBy(NodePoolE2E::node, Collectors.counting()))
                        .values())
                .as("workers on each machine")
                .containsOnly(2L);
    }

    /** Waits until the pool says so; a process of the role may have to come up first. */
    private void awaitPool(String expected) {
        await("pool " + expected, () -> told(pool().get()).equals(expected));
    }

    private static String told(PlanetaryNodePool pool) {
        if (pool == null) {
            return "gone";
        }
        var status = pool.statusOrNothing();
        return status.phase() + ": "
                + status.condition(Condition.READY).map(Condition::reason).orElse("") + ", " + status.nodes()
                + " nodes";
    }

    private static String waits(PlanetaryCluster cluster) {
        return cluster.getStatus()
                .condition(Condition.WAITS_FOR_NODES)
                .map(c -> c.message())
                .orElse("");
    }

    private void await(String what, Callable<Boolean> expected) {
        try {
            Awaitility.await(what)
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(200))
                    .until(expected);
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(
                    "%s; the pool: %s; Azure: %s; %s; the role said:%n%s"
                            .formatted(e.getMessage(), pool().get(), arm.calls(), kwok.trouble(), role.log()),
                    e);
        }
    }

    private static String node(Pod pod) {
        return String.valueOf(pod.getSpec().getNodeName());
    }
}
