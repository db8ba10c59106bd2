package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.it.ApiServer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a cluster costs the API server. */
class StandingStillIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void fourWorkersCostAtMostTwentyRequests() {
        // When
        flow.apply("c", "workers: {replicas: 4}");
        flow.comeUp("c", 4);
        flow.settle();

        // Then
        var requests = flow.wire().summary();
        System.out.printf(
                "1 + 4 from apply to Ready: %d requests %s%n",
                flow.wire().requests().size(), requests);
        assertThat(flow.wire().requests()).as(requests.toString()).hasSizeLessThanOrEqualTo(20);
    }

    @Test
    void writesAndAsksNothingWhenNothingChanged() {
        // Given
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);
        flow.settle();
        var before = flow.cluster("c").get().getMetadata().getResourceVersion();
        flow.wire().forget();

        // When it is woken by a pod, by the scheduler and by its own object, again and again
        for (var round = 0; round < 5; round++) {
            flow.pods().poke(flow.pods().get("c-default-0"), "round " + round);
            flow.scheduler("c").loaded(flow.pods().get("c-default-1"), 1000L * round, round);
        }
        flow.settle();

        // Then
        assertThat(flow.wire().requests()).isEmpty();
        assertThat(flow.cluster("c").get().getMetadata().getResourceVersion()).isEqualTo(before);
    }

    @Test
    void writesNothingAfterItsOwnRestart() {
        // Given
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);
        flow.settle();
        flow.stop();
        var before = flow.cluster("c").get();

        // When
        flow.restart();
        Flow.until().until(() -> !flow.wire().requests().isEmpty());
        flow.settle();

        // Then: it has read the Secrets to know the scheduler by, and left everything as it was
        assertThat(flow.wire().writes()).isEmpty();
        assertThat(flow.wire().requests()).hasSize(3);
        assertThat(flow.cluster("c").get()).isEqualTo(before);
    }

    @Test
    void saysItAfterARestartThatTheSchedulerIsSilent() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.settle();
        flow.stop();

        // When
        flow.scheduler("c").silent(true);
        flow.restart();

        // Then: after the time an answer may take
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.READY))
                .startsWith("SchedulerUnreachable: "));
        assertThat(flow.pods().workerNames("c")).isEqualTo(List.of("c-default-0"));
    }
}
