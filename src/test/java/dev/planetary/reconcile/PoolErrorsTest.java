package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus;
import dev.planetary.api.PlanetaryNodePoolStatus.Phase;
import dev.planetary.apply.HandClock;
import dev.planetary.azure.FakeAks.Failure;
import dev.planetary.azure.FakeAks.Reply;
import dev.planetary.azure.FakeArm;
import dev.planetary.azure.FleetPace;
import dev.planetary.azure.FleetWatch;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.Optional;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each error of Azure, on its way through the SDK: what people read, and when it is tried again. Azure says some at once, and some of an
 * operation that it had accepted; most can come both ways.
 */
class PoolErrorsTest {
    private final FakeArm arm = new FakeArm();
    private final HandClock clock = new HandClock();
    private final FleetWatch fleets = new FleetWatch(
            arm.client(),
            new FleetPace(Duration.ofMillis(10), Duration.ofMillis(10), FleetPace.WRITE, Duration.ofMillis(10)),
            clock);
    /** What the cache shows is what the user wants. */
    private boolean current = true;

    private final PoolExecutor executor = new PoolExecutor(fleets, _ -> current, clock);

    @AfterEach
    void close() {
        fleets.close();
        arm.close();
    }

    @ParameterizedTest
    @EnumSource
    void what_Azure_refuses_at_once_is_told_and_tried_again_in_time(AzureRefusal row) {
        var pool = seen(pool("Regular"));
        arm.breaks(call -> call.method().equals("PUT")
                ? Optional.of(Reply.error(row.status, row.code, row.message))
                : Optional.empty());

        look(pool);

        isTold(pool, row);
        isTriedAgainInTime(pool, row, 1);
    }

    @ParameterizedTest
    @EnumSource
    void what_fails_in_Azure_later_is_told_and_tried_again_in_time(AzureRefusal row) {
        assumeFalse(row.onlyAtOnce());
        var pool = seen(pool("Regular"));
        arm.aks().take(Duration.ZERO);
        arm.aks().fail(_ -> Optional.of(new Failure(row.code, row.message)));
        look(pool);

        clock.pass(Duration.ofSeconds(1));
        until().until(() -> fleets.latest().orElseThrow().pools().getFirst().settled());
        look(pool);

        isTold(pool, row);
        assertThat(pool.getStatus().provisioningState()).isEqualTo("Failed");
        isTriedAgainInTime(pool, row, 1);
    }

    @Test
    void no_spot_machine_is_no_reason_to_stall() {
        var pool = seen(pool("Spot"));
        arm.breaks(call -> call.method().equals("PUT")
                ? Optional.of(Reply.error(400, "SkuNotAvailable", "no spot"))
                : Optional.empty());

        look(pool);

        var told = pool.getStatus().condition(Condition.RECONCILING).orElseThrow();
        assertThat(told.reason()).isEqualTo("NoCapacity");
        assertThat(told.message()).contains("no Standard_D8s_v5 on spot in zones 1, 2 now");
        assertThat(Duration.between(clock.instant(), pool.getStatus().retry().orElseThrow()))
                .isEqualTo(Duration.ofHours(1));
    }

    @Test
    void a_throttled_write_waits_as_long_as_Azure_says_and_nothing_is_asked_meanwhile() {
        var pool = seen(pool("Regular"));
        arm.breaks(call -> call.write()
                ? Optional.of(Reply.error(429, "Throttled", "slowly").with("Retry-After", "300"))
                : Optional.empty());

        look(pool);

        var told = pool.getStatus().condition(Condition.RECONCILING).orElseThrow();
        assertThat(told.reason()).isEqualTo("Throttled");
        assertThat(told.message()).contains("asked too often").endsWith("tried again at 2026-01-01T00:05:00Z");
        var calls = arm.calls().size();
        clock.pass(Duration.ofSeconds(299));
        look(pool);
        assertThat(arm.calls()).hasSize(calls);

        // When
        arm.breaks(_ -> Optional.empty());
        clock.pass(Duration.ofSeconds(2));
        look(pool);

        // Then
        assertThat(arm.aks().made()).hasSize(1);
        assertThat(pool.getStatus().retryAt()).isNull();
    }

    @Test
    void another_spec_is_tried_at_once() {
        var pool = seen(pool("Regular"));
        arm.breaks(call -> call.method().equals("PUT")
                ? Optional.of(Reply.error(400, "OperationNotAllowed", AzureRefusal.Words.QUOTA.formatted(10)))
                : Optional.empty());
        look(pool);
        arm.breaks(_ -> Optional.empty());

        var other = pool("Spot");
        other.getMetadata().setGeneration(2L);
        other.setStatus(pool.getStatus());
        look(other);

        assertThat(arm.aks().made()).hasSize(1);
        assertThat(other.getStatus().phase()).isEqualTo(Phase.Updating);
    }

    @Test
    void an_end_that_fails_in_Azure_is_told_and_tried_again() {
        var pool = seen(pool("Regular"));
        arm.aks().take(Duration.ZERO);
        look(pool);
        pool.getMetadata().setDeletionTimestamp("2026-01-01T00:00:00Z");
        pool.getMetadata().setGeneration(2L);
        arm.aks().fail(_ -> Optional.of(new Failure("InternalOperationError", "cannot drain")));
        clock.pass(Duration.ofSeconds(1));
        until().until(() -> fleets.latest().orElseThrow().pools().getFirst().settled());
        look(pool);
        assertThat(reason(pool)).isEqualTo("Deleting");

        clock.pass(Duration.ofSeconds(1));
        until().until(() -> fleets.latest().orElseThrow().pools().getFirst().settled());
        look(pool);

        assertThat(reason(pool)).isEqualTo("OperationFailed");
        assertThat(pool.getStatus().phase()).isEqualTo(Phase.Deleting);
        assertThat(pool.getStatus().condition(Condition.READY).orElseThrow().message())
                .contains("cannot drain", "tried again at");
        arm.aks().fail(_ -> Optional.empty());
        clock.pass(Duration.ofMinutes(11));
        look(pool);
        assertThat(arm.aks().names()).isEmpty();
    }

    @Test
    void no_pool_is_freed_or_replaced_on_account_of_a_spec_of_before() {
        // Given
        var pool = seen(pool("Regular"));
        arm.aks().take(Duration.ZERO);
        look(pool);
        clock.pass(Duration.ofSeconds(1));
        until().until(() -> fleets.latest().orElseThrow().pools().getFirst().settled());
        look(pool);
        var calls = arm.writes().size();
        var replaced = pool("Spot");
        replaced.getMetadata().setGeneration(2L);
        replaced.setStatus(pool.getStatus());
        pool.getMetadata().setDeletionTimestamp("2026-01-01T00:00:00Z");
        pool.getMetadata().setGeneration(2L);

        // When
        current = false;
        look(replaced);
        look(pool);

        // Then
        assertThat(arm.writes()).hasSize(calls);

        // When
        current = true;
        look(pool);

        // Then
        assertThat(arm.writes()).hasSize(calls + 1).last().satisfies(c -> assertThat(c.method())
                .isEqualTo("DELETE"));
    }

    private void isTold(PlanetaryNodePool pool, AzureRefusal row) {
        var status = pool.getStatus();
        var ready = status.condition(Condition.READY).orElseThrow();
        assertThat(ready.status()).isEqualTo(Condition.Status.False);
        assertThat(ready.reason()).isEqualTo(row.reason);
        assertThat(ready.message()).contains(row.words).contains("; tried again at " + status.retryAt());
        assertThat(status.condition(row.stalled ? Condition.STALLED : Condition.RECONCILING))
                .isPresent();
        assertThat(status.condition(row.stalled ? Condition.RECONCILING : Condition.STALLED))
                .isEmpty();
        assertThat(status.phase() == Phase.Failed).isEqualTo(row.stalled);
        assertThat(Duration.between(clock.instant(), status.retry().orElseThrow()))
                .isEqualTo(row.again);
    }

    /** Not before, also by a process that remembers nothing; then once. */
    private void isTriedAgainInTime(PlanetaryNodePool pool, AzureRefusal row, int puts) {
        var told = pool.getStatus();
        clock.pass(row.again.minusSeconds(1));
        look(pool);
        assertThat(puts()).isEqualTo(puts);
        assertThat(pool.getStatus()).isEqualTo(told);

        clock.pass(Duration.ofSeconds(2));
        look(pool);
        assertThat(puts()).isEqualTo(puts + 1);
    }

    private long puts() {
        return arm.writes().stream().filter(c -> c.method().equals("PUT")).count();
    }

    private static String reason(PlanetaryNodePool pool) {
        return pool.getStatus().condition(Condition.READY).orElseThrow().reason();
    }

    /** Azure has been looked at once, and goes on being. */
    private PlanetaryNodePool seen(PlanetaryNodePool pool) {
        fleets.start(() -> true, _ -> {});
        until().until(() -> fleets.latest().isPresent());
        return pool;
    }

    /** The fake answers within milliseconds. */
    private static ConditionFactory until() {
        return await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5));
    }

    private PlanetaryNodePoolStatus look(PlanetaryNodePool pool) {
        // A look by the clock may be going on: then it is another's turn.
        until().until(() -> {
            var passed = executor.pass(pool);
            pool.setStatus(passed.status());
            return !pool.getStatus()
                    .condition(Condition.READY)
                    .orElseThrow()
                    .message()
                    .contains("another pool");
        });
        return pool.getStatus();
    }

    private static PlanetaryNodePool pool(String priority) {
        return Serialization.unmarshal(
                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryNodePool
                metadata: {name: cpu, uid: 7f3c, generation: 1}
                spec: {vmSize: Standard_D8s_v5, maxNodes: 20, zones: ["1", "2"], priority: %s}
                """
                        .formatted(priority),
                PlanetaryNodePool.class);
    }
}
