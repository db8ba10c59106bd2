package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.apply.KarpenterObjects;
import dev.planetary.azure.FleetPace;
import dev.planetary.desired.KarpenterModel;
import dev.planetary.observe.KarpenterObservation;
import dev.planetary.plan.KarpenterLife;
import dev.planetary.plan.PoolPlan;
import dev.planetary.plan.PoolPlan.Step;
import dev.planetary.status.PoolStatus;
import java.time.Clock;
import java.util.Optional;

/**
 * Observes a node pool whose machines Karpenter makes, and does what is planned. Its objects are read at each look, and not watched: a
 * cluster need not know their kinds.
 */
final class KarpenterExecutor {
    private final KarpenterObjects objects;
    private final FleetPace pace;
    private final Clock clock;

    KarpenterExecutor(KarpenterObjects objects, FleetPace pace, Clock clock) {
        this.objects = objects;
        this.pace = pace;
        this.clock = clock;
    }

    PoolPass pass(PlanetaryNodePool pool) {
        var seen = new KarpenterObservation(
                pool,
                objects.get(KarpenterModel.nodePool(pool)),
                objects.get(KarpenterModel.nodeClass(pool)),
                pace,
                clock.instant());
        var plan = KarpenterLife.of(seen);
        return switch (plan.step()) {
            case Step.Apply(var wanted) ->
                wanted.stream().allMatch(objects::apply)
                        ? passed(seen, plan, Optional.of(plan))
                        : passed(seen, KarpenterLife.notInstalled(seen), Optional.empty());
            case Step.Remove(var present) -> {
                objects.remove(present);
                yield passed(seen, plan, Optional.of(plan));
            }
            default -> passed(seen, plan, Optional.empty());
        };
    }

    private static PoolPass passed(KarpenterObservation seen, PoolPlan plan, Optional<PoolPlan> done) {
        return new PoolPass(plan, done, PoolStatus.of(seen, plan), seen.now());
    }
}
