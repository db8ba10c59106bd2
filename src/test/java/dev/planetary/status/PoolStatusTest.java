package dev.planetary.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus;
import dev.planetary.api.PlanetaryNodePoolStatus.Phase;
import dev.planetary.observe.PoolObservation;
import dev.planetary.plan.PoolPlan;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A pass of the operator that failed tells so, and takes nothing back: the status is a pool's only memory. */
class PoolStatusTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    private final PlanetaryNodePool pool = Serialization.unmarshal(
            """
            apiVersion: planetary.dev/v1alpha1
            kind: PlanetaryNodePool
            metadata: {name: cpu, uid: 7f3c, generation: 2}
            spec: {vmSize: Standard_D8s_v5, maxNodes: 20}
            """,
            PlanetaryNodePool.class);

    @Test
    void a_trouble_that_stands_is_told_again_after_a_failed_pass() {
        var before = told(
                """
                observedGeneration: 2
                phase: Failed
                retryAt: "2026-03-01T12:05:00Z"
                conditions:
                - {type: Ready, status: "False", observedGeneration: 2, lastTransitionTime: "2026-03-01T11:00:00Z", reason: Quota, message: full}
                - {type: Stalled, status: "True", observedGeneration: 2, lastTransitionTime: "2026-03-01T11:00:00Z", reason: Quota, message: full}
                """);

        fail();

        assertThat(pool.getStatus().retryAt()).isEqualTo("2026-03-01T12:05:00Z");
        assertThat(condition(Condition.STALLED))
                .isEqualTo("True OperatorError: the operator failed and tries again: no");
        assertThat(pool.getStatus().condition(Condition.RECONCILING))
                .as("never both")
                .isEmpty();
        assertThat(look()).isEqualTo(before.conditions());
    }

    @Test
    void a_pool_that_was_ready_is_so_again_before_Azure_is_heard() {
        var before = told(
                """
                observedGeneration: 2
                phase: Ready
                conditions:
                - {type: Ready, status: "True", observedGeneration: 2, lastTransitionTime: "2026-03-01T11:00:00Z", reason: AsAsked, message: fine}
                """);

        fail();

        assertThat(condition(Condition.READY)).isEqualTo("False AsAsked: fine");
        assertThat(condition(Condition.RECONCILING)).contains("OperatorError");
        assertThat(look()).extracting(Condition::reason).containsExactly("AsAsked");
        assertThat(before.phase()).isEqualTo(pool.getStatus().phase());
    }

    @Test
    void a_deletion_that_was_begun_is_remembered() {
        told(
                """
                observedGeneration: 2
                phase: Deleting
                conditions:
                - {type: Ready, status: "False", observedGeneration: 2, lastTransitionTime: "2026-03-01T11:00:00Z", reason: Deleting, message: it goes}
                """);

        fail();

        assertThat(condition(Condition.READY)).isEqualTo("False Deleting: it goes");
    }

    /** What stands of another generation's trouble does not hold up this one. */
    @Test
    void a_spec_that_no_pass_has_looked_at_is_not_told_of() {
        told(
                """
                observedGeneration: 1
                phase: Failed
                retryAt: "2026-03-01T12:05:00Z"
                """);

        fail();

        assertThat(pool.getStatus().observedGeneration()).isEqualTo(1);
    }

    @Test
    void where_nothing_was_known_the_failure_is_all_there_is() {
        fail();

        assertThat(pool.getStatus().phase()).isEqualTo(Phase.Pending);
        assertThat(pool.getStatus().observedGeneration())
                .isEqualTo(pool.getMetadata().getGeneration());
        assertThat(condition(Condition.READY))
                .isEqualTo("False OperatorError: the operator failed and tries again: no");
        assertThat(look()).extracting(Condition::reason).containsOnly("AskingAzure");
    }

    private PlanetaryNodePoolStatus told(String yaml) {
        pool.setStatus(Serialization.unmarshal(yaml, PlanetaryNodePoolStatus.class));
        return pool.getStatus();
    }

    private void fail() {
        pool.setStatus(PoolStatus.error(pool, new IllegalStateException("no"), NOW));
    }

    /** The conditions after the next pass, of a process that has not heard Azure yet. */
    private Iterable<Condition> look() {
        var seen =
                new PoolObservation(pool, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), NOW);
        return PoolStatus.of(seen, PoolPlan.of(seen)).conditions();
    }

    private String condition(String type) {
        var told = pool.getStatus().condition(type).orElseThrow();
        return (told.status() == Status.True ? "True " : "False ") + told.reason() + ": " + told.message();
    }
}
