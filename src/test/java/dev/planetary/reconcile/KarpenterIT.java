package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.it.ApiServer;
import dev.planetary.reconcile.Wire.Fault;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Node pools whose machines Karpenter makes. */
class KarpenterIT {
    private static final String SPOT = "mode: Karpenter, vmSize: Standard_D8s_v5, priority: Spot, maxNodes: 20";

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final PoolFlow flow = new PoolFlow(API);

    private KarpenterByHand karpenter;

    @BeforeEach
    void install() {
        karpenter = new KarpenterByHand(flow);
    }

    @Test
    void are_handed_over_and_Azure_is_not_asked() {
        // When
        flow.apply("a", SPOT);

        // Then
        flow.await("a", "Updating: KarpenterNotReady");
        var name = karpenter.nodePool("a").getMetadata().getName();
        assertThat(flow.status("a").poolName()).isEqualTo(name);
        assertThat(karpenter.nodePool("a").<String>get("spec", "template", "spec", "nodeClassRef", "name"))
                .isEqualTo(karpenter.nodeClass("a").getMetadata().getName());

        // When
        karpenter.ready("a", 3);

        // Then
        assertThat(flow.await("a", "Ready: AsAsked").nodes()).isEqualTo(3);
        assertThat(flow.arm().calls()).isEmpty();
        Flow.until().until(() -> flow.events("a").contains("Creating"));
    }

    @Test
    void are_changed_with_the_object_and_what_it_takes_back_goes() {
        flow.apply("a", SPOT + ", labels: {team: geo}");
        flow.await("a", "Updating: KarpenterNotReady");

        flow.change("a", "maxNodes: 30, labels: null");

        Flow.until().untilAsserted(() -> {
            assertThat(karpenter.nodePool("a").<String>get("spec", "limits", "nodes"))
                    .isEqualTo("30");
            assertThat(karpenter.nodePool("a").<Object>get("spec", "template", "metadata", "labels"))
                    .asString()
                    .doesNotContain("team");
        });
    }

    @Test
    void are_gone_before_their_object_is() {
        flow.apply("a", SPOT);
        flow.await("a", "Updating: KarpenterNotReady");

        flow.pool("a").delete();

        // The class waits for the pool, and both for what was made from them.
        flow.await("a", "Deleting: Deleting");
        Flow.until().until(() -> karpenter.nodePool("a").getMetadata().getDeletionTimestamp() != null);
        assertThat(karpenter.nodeClass("a").getMetadata().getDeletionTimestamp())
                .isNull();
        karpenter.letsGo(karpenter.nodePool("a"));
        Flow.until().until(() -> karpenter.nodeClass("a").getMetadata().getDeletionTimestamp() != null);
        karpenter.letsGo(karpenter.nodeClass("a"));
        flow.await("a", "gone");
    }

    @Test
    void say_that_there_is_no_Karpenter() {
        flow.wire()
                .breaks(
                        sent -> sent.path().contains("karpenter"),
                        new Fault.Answer(404, "NotFound", "the server could not find the requested resource"));

        flow.apply("a", SPOT);

        var status = flow.await("a", "Failed: KarpenterNotInstalled");
        assertThat(status.condition(Condition.STALLED)).isPresent();
        assertThat(flow.message("a")).contains("switch node auto-provisioning of AKS on");
        flow.pool("a").delete();
        flow.await("a", "gone");
    }

    @Test
    void what_does_not_stay_as_applied_is_applied_at_a_pace_and_told_once() {
        flow.apply("a", SPOT);
        flow.await("a", "Updating: KarpenterNotReady");
        var applied = new AtomicInteger();
        // As a CRD that drops what it does not know: what is sent is taken, and is not there afterwards.
        flow.wire()
                .breaks(
                        sent -> sent.method().equals("PATCH")
                                && sent.path().contains("/nodepools/")
                                && applied.incrementAndGet() > 0,
                        new Fault.Answer(200, "", ""));
        var from = Instant.now();

        flow.change("a", "maxNodes: 30");

        Flow.until().until(() -> applied.get() >= 6);
        assertThat(Duration.between(from, Instant.now()))
                .isGreaterThan(PoolFlow.PACE.busy().multipliedBy(5));
        flow.await("a", "Updating: Changing");
        Flow.until().until(() -> flow.events("a").contains("Changing"));
        assertThat(flow.events("a")).containsOnlyOnce("Changing");
        assertThat(flow.wire().writes())
                .filteredOn(sent -> sent.path().contains("/events"))
                .filteredOn(sent -> sent.body().contains("Changing"))
                .hasSize(1);
    }

    @Test
    void at_rest_nothing_is_written() {
        flow.apply("a", SPOT);
        flow.await("a", "Updating: KarpenterNotReady");
        karpenter.ready("a", 0);
        flow.await("a", "Ready: AsAsked");
        var version = karpenter.nodePool("a").getMetadata().getResourceVersion();
        Flow.until().until(() -> flow.events("a").contains("Creating"));

        flow.restart();
        Flow.until().until(() -> flow.wire().requests().stream()
                .anyMatch(s -> s.path().contains("aksnodeclasses")));

        assertThat(karpenter.nodePool("a").getMetadata().getResourceVersion()).isEqualTo(version);
        assertThat(flow.wire().writes()).isEmpty();
    }
}
