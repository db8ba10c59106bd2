package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.AgentPool;
import dev.planetary.azure.AgentPools;
import dev.planetary.azure.ArmException;
import dev.planetary.azure.Fleet;
import dev.planetary.azure.FleetWatch;
import dev.planetary.azure.FleetWatch.Done;
import dev.planetary.azure.FleetWatch.Turn;
import dev.planetary.desired.PoolModel;
import dev.planetary.observe.PoolObservation;
import dev.planetary.plan.PoolPlan;
import dev.planetary.plan.PoolPlan.Step;
import java.time.Clock;
import java.util.Optional;

/** Observes a node pool, and does to Azure what is planned, after a look of its own: what is planned by an older one may be wrong by now. */
final class PoolExecutor {
    private final FleetWatch fleets;
    private final Clock clock;

    PoolExecutor(FleetWatch fleets, Clock clock) {
        this.fleets = fleets;
        this.clock = clock;
    }

    PoolObservation observe(PlanetaryNodePool pool) {
        return new PoolObservation(
                pool,
                fleets.latest(),
                fleets.silence(),
                fleets.notBefore(PoolModel.of(pool).name()),
                clock.instant());
    }

    /** Does the step, if it is still the one to do when seen from near. */
    Turn carryOut(PlanetaryNodePool pool) {
        return fleets.take(
                (azure, live) -> step(azure, PoolPlan.of(seen(pool, live)).step()));
    }

    /** Only looks. */
    Turn look() {
        return fleets.take((_, live) -> Optional.empty());
    }

    private PoolObservation seen(PlanetaryNodePool pool, Fleet live) {
        var cached = observe(pool);
        return new PoolObservation(pool, Optional.of(live), Optional.empty(), cached.notBefore(), cached.now());
    }

    private Optional<Done> step(AgentPools azure, Step step) throws ArmException {
        return switch (step) {
            case Step.Create(var wanted, var _) -> {
                fleets.writes(wanted.name());
                var after = azure.create(wanted);
                yield Optional.of(new Done(
                        new AgentPool(wanted, Optional.empty(), "Creating", wanted.min(), Optional.empty()), after));
            }
            case Step.Update(var present, var wanted) -> {
                fleets.writes(present.name());
                yield Optional.of(new Done(present.in("Updating"), azure.update(present, wanted)));
            }
            case Step.Delete(var present) -> Optional.of(new Done(present.in("Deleting"), azure.delete(present)));
            case Step.Release _, Step.Nothing _ -> Optional.empty();
        };
    }
}
