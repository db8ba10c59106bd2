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
import dev.planetary.status.PoolStatus;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Predicate;

/** Observes a node pool, and does to Azure what is planned, after a look of its own: what is planned by an older one may be wrong by now. */
final class PoolExecutor {
    private final FleetWatch fleets;
    private final Predicate<PlanetaryNodePool> current;
    private final Clock clock;

    /** @param current whether an object is still what its user wants */
    PoolExecutor(FleetWatch fleets, Predicate<PlanetaryNodePool> current, Clock clock) {
        this.fleets = fleets;
        this.current = current;
        this.clock = clock;
    }

    /** Does one thing at most. */
    PoolPass pass(PlanetaryNodePool pool) {
        var seen = observe(pool);
        var plan = PoolPlan.of(seen);
        if (seen.fleet().isEmpty()) {
            fleets.wake();
        }
        var costsNodes = costsNodes(plan.step());
        if (costsNodes && !current.test(pool)) {
            // They, and what runs there, are not lost on account of a cached spec; the present one is on its way.
            return passed(seen, PoolPlan.asBefore(seen), Optional.empty());
        }
        if (plan.changesAzure()) {
            var turn = fleets.take(seen.uid(), (azure, live) -> {
                var step = PoolPlan.of(near(pool, live)).step();
                // What only the look from near shows, the next pass asks about.
                return costsNodes(step) && !costsNodes ? Optional.empty() : step(azure, pool, step);
            });
            var after = observe(pool);
            var accepted = turn instanceof Turn.Had(var done) && done.isPresent();
            return passed(after, after(turn, plan, after), accepted ? Optional.of(plan) : Optional.empty());
        }
        if (plan.freesNothing()) {
            // That nothing is left is not taken from an old look.
            var turn = fleets.take(seen.uid(), (_, _) -> Optional.empty());
            var after = observe(pool);
            return passed(after, after(turn, plan, after), Optional.empty());
        }
        return passed(seen, plan, Optional.empty());
    }

    private static boolean costsNodes(Step step) {
        return step instanceof Step.Delete || step instanceof Step.Create(var _, var instead) && instead.isPresent();
    }

    private static PoolPass passed(PoolObservation seen, PoolPlan plan, Optional<PoolPlan> accepted) {
        return new PoolPass(plan, accepted, PoolStatus.of(seen, plan), seen.now());
    }

    private static PoolPlan after(Turn turn, PoolPlan before, PoolObservation seen) {
        return switch (turn) {
            case Turn.Taken _ -> before.waits();
            case Turn.Had _ -> PoolPlan.of(seen).continued(seen.now());
            case Turn.Refused(var error) -> PoolPlan.refused(seen, error);
        };
    }

    private PoolObservation observe(PlanetaryNodePool pool) {
        return new PoolObservation(
                pool,
                fleets.latest(),
                fleets.silence(),
                fleets.notBefore(pool.getMetadata().getUid(), PoolModel.of(pool).name()),
                fleets.deletesFrom(pool.getMetadata().getUid()),
                clock.instant());
    }

    private PoolObservation near(PlanetaryNodePool pool, Fleet live) {
        var cached = observe(pool);
        return new PoolObservation(
                pool, Optional.of(live), Optional.empty(), cached.notBefore(), cached.deletesFrom(), cached.now());
    }

    private Optional<Done> step(AgentPools azure, PlanetaryNodePool pool, Step step) throws ArmException {
        var uid = pool.getMetadata().getUid();
        return switch (step) {
            case Step.Create(var wanted, var _) -> {
                fleets.writes(uid, wanted.name());
                var after = azure.create(wanted);
                yield Optional.of(new Done(
                        new AgentPool(wanted, Optional.empty(), "Creating", wanted.min(), Optional.empty()), after));
            }
            case Step.Update(var present, var wanted) -> {
                fleets.writes(uid, present.name());
                yield Optional.of(new Done(present.in("Updating"), azure.update(present, wanted)));
            }
            case Step.Delete(var present) -> {
                fleets.deletes(uid);
                yield Optional.of(new Done(present.in("Deleting"), azure.delete(present)));
            }
            case Step.Apply _, Step.Remove _, Step.Release _, Step.Nothing _ -> Optional.empty();
        };
    }
}
