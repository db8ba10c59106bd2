package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.desired.Labels;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workers on nodes that the cloud may take back. */
class SpotIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void whereNoSpotNodeIsToBeHadRegularWorkersComeInTime() {
        // Given: one worker found a place, the other did not; nothing happens that would wake the operator
        flow.apply("c", "workers: {replicas: 2, spot: Prefer, spotFallbackAfter: 3s}");
        Flow.until().until(() -> flow.pods().of("c").size() == 3);
        assertThat(capacities()).containsExactly("c-default-0 spot", "c-default-1 spot");
        flow.pods().run(flow.pods().get("c-scheduler-0"));
        flow.join("c", List.of(flow.pods().get("c-default-0")));
        flow.pods().unschedulable(flow.pods().get("c-default-1"));

        // Then
        Flow.until().untilAsserted(() -> assertThat(capacities())
                .containsExactly("c-default-0 spot", "c-default-2 regular"));
        assertThat(flow.events("c", "SpotUnavailable"))
                .containsExactly("c-default-1 found no place on a spot node in time");

        // When: more are wanted soon after
        flow.change("c", "workers: {replicas: 3}");

        // Then: they do not wait for spot again
        Flow.until().untilAsserted(() -> assertThat(capacities())
                .containsExactly("c-default-0 spot", "c-default-1 regular", "c-default-2 regular"));
    }

    @Test
    void whoeverRequiresSpotWaitsForIt() {
        // Given
        flow.apply("c", "workers: {replicas: 1, spot: Require}");
        Flow.until().until(() -> flow.pods().of("c").size() == 2);

        // When
        flow.pods().unschedulable(flow.pods().get("c-default-0"));

        // Then
        Flow.until().until(() -> flow.message("c", "Ready").startsWith("WorkerUnschedulable: "));
        flow.settle();
        assertThat(capacities()).containsExactly("c-default-0 spot");
    }

    private List<String> capacities() {
        return flow.pods().workers("c").stream().map(SpotIT::capacity).sorted().toList();
    }

    private static String capacity(Pod pod) {
        return pod.getMetadata().getName() + " " + pod.getMetadata().getLabels().get(Labels.CAPACITY);
    }
}
