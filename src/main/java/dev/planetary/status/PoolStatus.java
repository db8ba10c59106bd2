package dev.planetary.status;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus;
import dev.planetary.api.PlanetaryNodePoolStatus.Phase;
import dev.planetary.azure.AgentPool;
import dev.planetary.desired.KarpenterModel;
import dev.planetary.desired.PoolModel;
import dev.planetary.observe.KarpenterObservation;
import dev.planetary.observe.PoolObservation;
import dev.planetary.observe.Quoted;
import dev.planetary.plan.PoolPlan;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** From what was seen and planned to the status of a PlanetaryNodePool. */
public final class PoolStatus {
    private PoolStatus() {}

    public static PlanetaryNodePoolStatus of(PoolObservation seen, PoolPlan plan) {
        var name = PoolModel.of(seen.pool()).name();
        var known = seen.fleet().isPresent();
        var before = seen.status();
        var own = seen.own();
        return new PlanetaryNodePoolStatus(
                seen.pool().getMetadata().getGeneration(),
                plan.phase(),
                name,
                known
                        ? own.stream()
                                .filter(p -> p.name().equals(name))
                                .findFirst()
                                .map(AgentPool::provisioningState)
                                .orElse(null)
                        : before.provisioningState(),
                known ? Integer.valueOf(own.stream().mapToInt(AgentPool::nodes).sum()) : before.nodes(),
                seen.fleet().map(f -> f.cluster().region()).orElse(before.region()),
                plan.retryAt().map(PoolStatus::rfc3339).orElse(null),
                conditions(seen.pool(), plan, seen.now()));
    }

    /** Of a pool whose machines Karpenter makes. In which region, only its nodes say. */
    public static PlanetaryNodePoolStatus of(KarpenterObservation seen, PoolPlan plan) {
        return new PlanetaryNodePoolStatus(
                seen.pool().getMetadata().getGeneration(),
                plan.phase(),
                KarpenterModel.name(seen.pool()),
                null,
                seen.nodes().orElse(0),
                null,
                null,
                conditions(seen.pool(), plan, seen.now()));
    }

    private static List<Condition> conditions(PlanetaryNodePool pool, PoolPlan plan, Instant now) {
        return conditions(
                pool,
                plan.phase() == Phase.Ready,
                plan.permanent(),
                Quoted.reason(plan.reason()),
                Quoted.beginning(plan.message()),
                now);
    }

    /** A pass that failed: what was known and what is remembered stays, and it is said that it is tried again. */
    public static PlanetaryNodePoolStatus error(PlanetaryNodePool pool, RuntimeException e, Instant now) {
        var before = pool.statusOrNothing();
        var message = Quoted.beginning("the operator failed and tries again: " + e.getMessage());
        var ready = before.condition(Condition.READY).filter(c -> !c.reason().equals(Condition.OPERATOR_ERROR));
        var stalled = before.condition(Condition.STALLED).isPresent();
        return new PlanetaryNodePoolStatus(
                // What is remembered is of that generation; kstatus wants one from the first write on.
                before.observedGeneration() == null ? pool.getMetadata().getGeneration() : before.observedGeneration(),
                before.phase() == null ? Phase.Pending : before.phase(),
                before.poolName(),
                before.provisioningState(),
                before.nodes(),
                before.region(),
                before.retryAt(),
                List.of(
                        condition(
                                pool,
                                Condition.READY,
                                Status.False,
                                ready.map(Condition::reason).orElse(Condition.OPERATOR_ERROR),
                                ready.map(Condition::message).orElse(message),
                                now),
                        condition(
                                pool,
                                stalled ? Condition.STALLED : Condition.RECONCILING,
                                Status.True,
                                Condition.OPERATOR_ERROR,
                                message,
                                now)));
    }

    private static List<Condition> conditions(
            PlanetaryNodePool pool, boolean ready, boolean permanent, String reason, String message, Instant now) {
        var all = new ArrayList<Condition>();
        all.add(condition(pool, Condition.READY, ready ? Status.True : Status.False, reason, message, now));
        if (!ready) {
            all.add(condition(
                    pool, permanent ? Condition.STALLED : Condition.RECONCILING, Status.True, reason, message, now));
        }
        return all;
    }

    private static Condition condition(
            PlanetaryNodePool pool, String type, Status status, String reason, String message, Instant now) {
        return Conditions.condition(
                pool.statusOrNothing().condition(type),
                type,
                status,
                pool.getMetadata().getGeneration(),
                reason,
                message,
                now);
    }

    private static String rfc3339(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
