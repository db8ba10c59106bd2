package dev.planetary.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.FleetPace;
import dev.planetary.desired.KarpenterModel;
import dev.planetary.observe.KarpenterObservation;
import dev.planetary.plan.PoolPlan.Step;
import dev.planetary.status.PoolStatus;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What Karpenter's objects are told where it does not stay: a mutating webhook, or a CRD that drops fields, changes it at each write. */
class KarpenterLifeTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final FleetPace PACE =
            new FleetPace(Duration.ofSeconds(30), Duration.ofMinutes(2), FleetPace.WRITE, Duration.ofSeconds(30));

    private final PlanetaryNodePool pool = Serialization.unmarshal(
            """
            apiVersion: planetary.dev/v1alpha1
            kind: PlanetaryNodePool
            metadata: {name: cpu, uid: 7f3c, generation: 1}
            spec: {mode: Karpenter, vmSize: Standard_D8s_v5, maxNodes: 20}
            """,
            PlanetaryNodePool.class);

    @Test
    void is_not_applied_again_before_the_pace_of_what_is_being_changed() {
        assertThat(look().recheck()).contains(NOW.plus(PACE.busy()));
    }

    @Test
    void is_told_once_however_often_it_is_applied() {
        var first = look();
        assertThat(first.step()).isInstanceOf(Step.Apply.class);
        assertThat(first.isToldOf(pool)).isFalse();

        pool.setStatus(PoolStatus.of(seen(), first));

        var second = look();
        assertThat(second.step()).isInstanceOf(Step.Apply.class);
        assertThat(second.isToldOf(pool)).isTrue();
    }

    @Test
    void is_told_again_of_another_spec() {
        pool.setStatus(PoolStatus.of(seen(), look()));

        pool.getMetadata().setGeneration(2L);

        assertThat(look().isToldOf(pool)).isFalse();
    }

    @Test
    void what_is_deleted_next_is_told_too() {
        pool.getMetadata().setDeletionTimestamp("2026-03-01T11:59:30Z");
        pool.setStatus(PoolStatus.of(seen(), look()));

        var last = KarpenterLife.of(new KarpenterObservation(
                pool, Optional.empty(), Optional.of(KarpenterModel.nodeClass(pool)), PACE, NOW));

        assertThat(last.step()).isInstanceOf(Step.Remove.class);
        assertThat(last.isToldOf(pool)).isFalse();
    }

    private PoolPlan look() {
        return KarpenterLife.of(seen());
    }

    private KarpenterObservation seen() {
        return new KarpenterObservation(
                pool, Optional.of(changed()), Optional.of(KarpenterModel.nodeClass(pool)), PACE, NOW);
    }

    /** As the webhook leaves it. */
    private GenericKubernetesResource changed() {
        var object = KarpenterModel.nodePool(pool);
        object.setAdditionalProperty("spec", Map.of("limits", Map.of("nodes", "7")));
        return object;
    }
}
