package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A PodDisruptionBudget over the scheduler is there while work runs, and not else. */
class DisruptionIT {
    private static final String UNTIL_IDLE =
            "idleTimeout: 0s, workers: {replicas: 1}, scheduler: {disruption: UntilIdle}";

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void itComesWithWorkAndGoesAMinuteAfterIt() {
        // Given
        flow.apply("c", UNTIL_IDLE);
        idleAtFirst(Duration.ofHours(1));
        flow.comeUp("c", 1);
        flow.settle();
        assertThat(budget().get()).isNull();

        // When
        flow.scheduler("c").busy();

        // Then
        Flow.until().untilAsserted(() -> assertThat(budget().get()).isNotNull());
        var made = budget().get();
        assertThat(made.getSpec().getMinAvailable()).isEqualTo(new IntOrString(1));
        assertThat(flow.pods().schedulers("c").getFirst().getMetadata().getLabels())
                .containsAllEntriesOf(made.getSpec().getSelector().getMatchLabels());
        assertThat(flow.pods().workers("c").getFirst().getMetadata().getLabels().entrySet())
                .isNotEmpty()
                .matches(labels -> !labels.containsAll(
                        made.getSpec().getSelector().getMatchLabels().entrySet()));
        assertThat(made.getMetadata().getOwnerReferences()).singleElement().satisfies(o -> assertThat(o.getUid())
                .isEqualTo(flow.cluster("c").get().getMetadata().getUid()));

        // When computations follow one another
        flow.settle();
        flow.wire().forget();
        flow.scheduler("c").idleSince(Instant.now());
        flow.scheduler("c").busy();
        flow.scheduler("c").idleSince(Instant.now());
        flow.settle();

        // Then nothing is written
        assertThat(flow.wire().requests()).isEmpty();

        // When it has been idle for nearly a minute, nothing more happens, and
        flow.scheduler("c").idleSince(Instant.now().minusSeconds(57));

        // Then
        assertThat(budget().get()).isNotNull();
        Flow.until().untilAsserted(() -> assertThat(budget().get()).isNull());
    }

    @Test
    void itGoesWhenItIsNoLongerAskedForAndWhenTheClusterIsSuspended() {
        // Given
        flow.apply("c", UNTIL_IDLE);
        flow.comeUp("c", 1);
        Flow.until().untilAsserted(() -> assertThat(budget().get()).isNotNull());
        var pods = flow.pods().of("c");

        // When
        flow.change("c", "scheduler: {disruption: Allow}");
        // Then, and no pod is touched
        Flow.until().untilAsserted(() -> assertThat(budget().get()).isNull());
        assertThat(flow.pods().of("c")).isEqualTo(pods);

        // When
        flow.change("c", "scheduler: {disruption: UntilIdle}");
        Flow.until().untilAsserted(() -> assertThat(budget().get()).isNotNull());
        flow.change("c", "suspend: true");
        // Then
        Flow.until().untilAsserted(() -> assertThat(budget().get()).isNull());
    }

    @Test
    void itIsKeptRightAndStaysWhileTheSchedulerIsSilent() {
        // Given
        flow.apply("c", UNTIL_IDLE);
        flow.comeUp("c", 1);
        Flow.until().untilAsserted(() -> assertThat(budget().get()).isNotNull());
        var made = budget().get().getSpec();

        // When somebody loosens it
        budget().edit(b -> b.edit()
                .editSpec()
                .withMinAvailable(new IntOrString(0))
                .endSpec()
                .build());
        // Then
        Flow.until().untilAsserted(() -> assertThat(budget().get().getSpec()).isEqualTo(made));

        // When somebody deletes it
        budget().delete();
        // Then
        Flow.until().untilAsserted(() -> assertThat(budget().get()).isNotNull());

        // When nothing is known of the work
        flow.scheduler("c").silent(true);
        flow.settle();
        flow.pods().poke(flow.pods().get("c-default-0"), "1");
        flow.settle();
        // Then
        assertThat(budget().get()).isNotNull();
    }

    /** A scheduler answers before its pod is there. */
    private void idleAtFirst(Duration since) {
        Flow.until().until(() -> flow.pods().schedulers("c").size() == 1);
        flow.scheduler("c").idleSince(Instant.now().minus(since));
    }

    private Resource<PodDisruptionBudget> budget() {
        return flow.client()
                .policy()
                .v1()
                .podDisruptionBudget()
                .inNamespace(flow.namespace())
                .withName("c-scheduler");
    }
}
