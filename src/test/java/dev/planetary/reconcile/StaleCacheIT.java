package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.desired.Labels;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** After a restart an operator may be shown a past that the former one has long left behind. */
class StaleCacheIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void podsThatAreNotSeenYetAreNotMadeTwice() throws Exception {
        // Given an operator that does not see the pods that the former one made
        var before = podsVersion();
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);
        flow.settle();
        var pods = uids();
        flow.stop();
        var past = new Laggard("pods", before);

        // When
        flow.restart(past);
        Flow.until().until(() -> !flow.wire().requests().isEmpty());
        flow.settle();

        // Then it tried to make them, found them, and left them alone
        assertThat(flow.wire().summary()).containsEntry("POST pods", 3L).doesNotContainKey("DELETE pods");
        assertThat(uids()).isEqualTo(pods);

        // When
        past.catchUp();
        flow.settle();

        // Then
        assertThat(uids()).isEqualTo(pods);
        Flow.until().until(() -> flow.ready("c"));
    }

    @Test
    void aWorkerThatHasBegunToWorkIsNotDeletedAsOneThatNeverStarted() throws Exception {
        // Given an operator that sees a worker as it was before it started
        flow.apply("c", "workers: {replicas: 2}");
        Flow.until().until(() -> flow.pods().of("c").size() == 3);
        flow.pods().run(flow.pods().get("c-scheduler-0"));
        flow.join("c", List.of(flow.pods().get("c-default-0")));
        flow.scheduler("c").loaded(flow.pods().get("c-default-0"), 1000, 1);
        flow.settle();
        flow.stop();
        var past = new Laggard("pods", podsVersion());
        var worker = flow.pods().get("c-default-1");
        flow.join("c", List.of(worker));
        flow.scheduler("c").loaded(worker, 10, 0);
        flow.change("c", "workers: {replicas: 1}");

        // When
        flow.restart(past);
        Flow.until().until(() -> flow.wire().writes().stream().anyMatch(s -> s.is("DELETE pods")));

        // Then
        assertThat(flow.pods().get("c-default-1").getMetadata().getUid())
                .isEqualTo(worker.getMetadata().getUid());
        assertThat(flow.scheduler("c").retireRequests).isEmpty();

        // When
        past.catchUp();

        // Then it may give its results away first
        Flow.until().untilAsserted(() -> assertThat(flow.scheduler("c").retireRequests)
                .contains(Set.of(worker.getMetadata().getUid())));
        assertThat(flow.pods().workerNames("c")).containsExactly("c-default-0", "c-default-1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"workers: {replicas: 3}", "suspend: true"})
    void aClusterMadeAnewUnderTheNameOfAFormerOneKeepsItsPods(String former) throws Exception {
        // Given an operator that sees the former cluster
        flow.apply("c", former);
        if (former.startsWith("workers")) {
            flow.comeUp("c", 3);
        }
        Flow.until().until(() -> flow.ready("c"));
        flow.settle();
        var past = new Laggard(
                "planetaryclusters",
                flow.client()
                        .resources(PlanetaryCluster.class)
                        .inNamespace(flow.namespace())
                        .list()
                        .getMetadata()
                        .getResourceVersion());
        flow.cluster("c").delete();
        flow.stop();
        flow.objects().forEach(o -> flow.client().resource(o).withGracePeriod(0).delete());
        flow.apply("c", "workers: {replicas: 1}");
        flow.restart();
        flow.comeUp("c", 1);
        flow.settle();
        flow.stop();
        var pods = uids();
        var uid = flow.cluster("c").get().getMetadata().getUid();

        // When
        flow.restart(past);
        Flow.until()
                .until(() -> flow.wire().writes().stream()
                                .filter(w -> w.is("PUT planetaryclusters/status"))
                                .count()
                        == 3);

        // Then it found all names taken, and made and deleted nothing
        assertThat(flow.wire().writes()).noneMatch(s -> s.method().equals("DELETE"));
        assertThat(uids()).isEqualTo(pods);
        assertThat(flow.objects())
                .allSatisfy(o ->
                        assertThat(Labels.controller(o).orElseThrow().getUid()).isEqualTo(uid));
        assertThat(flow.ready("c")).isTrue();

        // When
        past.catchUp();
        flow.settle();

        // Then
        assertThat(uids()).isEqualTo(pods);
        flow.change("c", "workers: {replicas: 2}");
        Flow.until().until(() -> flow.pods().workers("c").size() == 2);
    }

    @Test
    void ofTwoChangesInARowTheLastOneCounts() {
        try (var _ = new PodsByThemselves(flow)) {
            // Given
            flow.apply("c", "workers: {replicas: 2, threads: 1}");
            Flow.until().until(() -> flow.ready("c"));
            for (var threads = 2; threads < 10; threads += 2) {
                // When
                flow.change("c", "workers: {threads: %d}".formatted(threads));
                flow.change("c", "workers: {threads: %d}".formatted(threads + 1));

                // Then
                var last = "--nthreads " + (threads + 1) + " ";
                Flow.until().untilAsserted(() -> {
                    assertThat(flow.message("c", Condition.READY)).startsWith("Running");
                    assertThat(flow.ready("c")).isTrue();
                    assertThat(flow.pods().workers("c")).hasSize(2).allMatch(p -> args(p).contains(last));
                });
            }
        }
    }

    private String podsVersion() {
        return flow.client()
                .pods()
                .inNamespace(flow.namespace())
                .list()
                .getMetadata()
                .getResourceVersion();
    }

    private Map<String, String> uids() {
        return flow.pods().of("c").stream()
                .collect(Collectors.toMap(
                        p -> p.getMetadata().getName(), p -> p.getMetadata().getUid()));
    }

    private static String args(Pod pod) {
        return String.join(" ", pod.getSpec().getContainers().getFirst().getArgs()) + " ";
    }
}
