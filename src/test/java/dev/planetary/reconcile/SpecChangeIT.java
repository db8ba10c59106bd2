package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pods are never changed: they are replaced. */
class SpecChangeIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    private Map<String, String> uids;

    @BeforeEach
    void aRunningCluster() {
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);
        flow.settle();
        uids = uids();
    }

    @Test
    void workersAreReplacedOneByOneAndNoneIsMissingMeanwhile() {
        // When
        flow.change("c", "workers: {threads: 3}");

        // Then one more comes, and nobody goes before it can take over
        Flow.until().untilAsserted(() -> assertThat(flow.pods().workerNames("c"))
                .containsExactly("c-default-0", "c-default-1", "c-default-2"));
        flow.settle();
        assertThat(flow.pods().workers("c")).hasSize(3);
        assertThat(flow.scheduler("c").retireRequests).isEmpty();

        // When it can
        flow.join("c", List.of(flow.pods().get("c-default-2")));

        // Then one leaves, and only when it has, another comes
        Flow.until().until(() -> flow.scheduler("c").retireRequests.size() == 1);
        flow.settle();
        assertThat(flow.pods().workers("c")).hasSize(3);
        var first = leave();
        var second = Flow.until()
                .until(
                        () -> flow.pods().workers("c").stream()
                                .filter(p -> current(p) && !ready(p))
                                .findFirst()
                                .orElse(null),
                        Objects::nonNull);
        flow.join("c", List.of(second));
        Flow.until()
                .until(() -> flow.scheduler("c").retireRequests.stream()
                                .flatMap(Set::stream)
                                .distinct()
                                .count()
                        == 2);
        var last = leave();

        // Then
        Flow.until()
                .until(() -> flow.pods().workers("c").size() == 2
                        && flow.pods().workers("c").stream().allMatch(this::current)
                        && flow.ready("c"));
        assertThat(Set.of(first, last)).isEqualTo(Set.of(uids.get("c-default-0"), uids.get("c-default-1")));
        assertThat(flow.pods().get("c-scheduler-0").getMetadata().getUid()).isEqualTo(uids.get("c-scheduler-0"));
        assertThat(String.join(" ", flow.events("c", "SpecChanged")))
                .contains(
                        "c-default-0: the spec of the workers changed", "c-default-1: the spec of the workers changed");
    }

    @Test
    void anotherImageReplacesTheSchedulerAndTheWorkers() {
        // When
        flow.change("c", "image: 'dask:other'");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.pods().schedulers("c"))
                .singleElement()
                .satisfies(p -> {
                    assertThat(p.getMetadata().getUid()).isNotEqualTo(uids.get("c-scheduler-0"));
                    assertThat(image(p)).isEqualTo("dask:other");
                }));
        Flow.until().untilAsserted(() -> assertThat(String.join(" ", flow.events("c", "SpecChanged")))
                .contains("c-scheduler-0: the spec of the scheduler changed; results are lost"));

        // When the new pods run; the old workers know only the scheduler that is gone
        Flow.until().until(() -> {
            var made = flow.pods().of("c").stream()
                    .filter(p -> image(p).equals("dask:other") && !ready(p))
                    .toList();
            made.forEach(flow.pods()::run);
            flow.scheduler("c")
                    .register(made.stream()
                            .filter(p -> p.getMetadata().getName().contains("default"))
                            .toList());
            return flow.ready("c");
        });

        // Then
        Flow.until()
                .untilAsserted(
                        () -> assertThat(flow.pods().of("c")).hasSize(3).allMatch(p -> image(p).equals("dask:other")));
    }

    @Test
    void otherReplicasReplaceNothing() {
        // When
        flow.change("c", "workers: {replicas: 3}");
        Flow.until().until(() -> flow.pods().workers("c").size() == 3);
        flow.settle();

        // Then
        assertThat(uids()).containsAllEntriesOf(uids);
        assertThat(flow.events("c", "SpecChanged")).isEmpty();
        assertThat(flow.client()
                        .apps()
                        .controllerRevisions()
                        .inNamespace(flow.namespace())
                        .list()
                        .getItems())
                .hasSize(1);
    }

    @Test
    void aRefusedChangeLeavesThePodsAndSaysWhy() {
        // When
        flow.change("c", "workers: {template: {spec: {containers: [{name: dask, ports: [{containerPort: 70000}]}]}}}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.STALLED))
                .startsWith("Invalid: the API server refuses Pod ")
                .contains("spec.containers[0].ports[", "must be between 1 and 65535")
                .endsWith("; the last good spec stays in force"));
        var refused = flow.status("c").orElseThrow();
        assertThat(refused.observedGeneration()).isEqualTo(2);
        assertThat(refused.phase()).isEqualTo(Phase.Degraded);
        assertThat(refused.condition(Condition.SCHEDULER_READY))
                .get()
                .extracting(Condition::status)
                .isEqualTo(Condition.Status.True);
        assertThat(refused.condition(Condition.WORKERS_READY))
                .get()
                .extracting(Condition::status)
                .isEqualTo(Condition.Status.True);
        assertThat(uids()).isEqualTo(uids);

        // and pods that are lost meanwhile are made from the last good spec
        var lost = flow.pods().get("c-default-0");
        flow.pods().fail(lost);
        flow.scheduler("c").loses(lost);
        Flow.until().until(() -> flow.pods().get("c-default-2") != null);
        flow.join("c", List.of(flow.pods().get("c-default-2")));

        // When it is taken back
        flow.change("c", "workers: {template: null}");

        // Then
        Flow.until().until(() -> flow.ready("c"));
        assertThat(flow.condition("c", Condition.STALLED)).isEmpty();
        assertThat(flow.status("c").orElseThrow().phase()).isEqualTo(Phase.Running);
        assertThat(flow.pods().workerNames("c")).containsExactly("c-default-1", "c-default-2");
    }

    @Test
    void aFirstSpecThatIsRefusedSaysWhyAndIsHealedByTheNext() {
        // When
        flow.apply(
                "d",
                "workers: {replicas: 1, template: {spec: {containers: [{name: dask, ports: [{containerPort: 70000}]}]}}}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("d", Condition.STALLED))
                .startsWith("Invalid: ")
                .contains("must be between 1 and 65535"));
        assertThat(flow.pods().workers("d")).isEmpty();

        // When
        flow.change("d", "workers: {template: null}");

        // Then
        flow.comeUp("d", 1);
        assertThat(flow.condition("d", Condition.STALLED)).isEmpty();
    }

    @Test
    void anOperatorWithAnotherDefaultImageReplacesNothing() {
        // When
        flow.restart("dask:newer");
        flow.settle();

        // Then
        assertThat(flow.wire().writes()).isEmpty();
        assertThat(uids()).isEqualTo(uids);

        // and what it makes later is like what is there
        flow.change("c", "workers: {replicas: 3}");
        Flow.until().until(() -> flow.pods().workers("c").size() == 3);
        assertThat(flow.pods().of("c")).allMatch(p -> image(p).equals(Flow.IMAGE));
    }

    /** The worker that the scheduler was last asked to retire leaves. */
    private String leave() {
        var uid = flow.scheduler("c").retireRequests.getLast().iterator().next();
        var pod = flow.pods().workers("c").stream()
                .filter(p -> p.getMetadata().getUid().equals(uid))
                .findFirst()
                .orElseThrow();
        flow.scheduler("c").closes(pod);
        flow.pods().succeed(pod);
        return uid;
    }

    private boolean current(Pod worker) {
        return String.join(" ", worker.getSpec().getContainers().getFirst().getArgs())
                .contains("--nthreads 3");
    }

    private static boolean ready(Pod pod) {
        return "Running".equals(pod.getStatus().getPhase());
    }

    private static String image(Pod pod) {
        return pod.getSpec().getContainers().getFirst().getImage();
    }

    private Map<String, String> uids() {
        return flow.pods().of("c").stream()
                .collect(Collectors.toMap(
                        p -> p.getMetadata().getName(), p -> p.getMetadata().getUid(), (a, _) -> a, TreeMap::new));
    }
}
