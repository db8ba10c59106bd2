package dev.planetary.plan;

import static dev.planetary.plan.PoolPlan.told;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryNodePoolSpec.DeletionPolicy;
import dev.planetary.api.PlanetaryNodePoolStatus.Phase;
import dev.planetary.azure.AgentPool;
import dev.planetary.azure.ArmError;
import dev.planetary.azure.Fleet;
import dev.planetary.azure.PoolShape;
import dev.planetary.desired.PoolModel;
import dev.planetary.observe.PoolObservation;
import dev.planetary.observe.PoolTrouble;
import dev.planetary.plan.PoolPlan.Step;
import java.util.Optional;

/** From its making to its end: the next step for a node pool. */
final class PoolLife {
    static final String DELETED = "Deleted";
    private static final String DELETING = "Deleting";

    private PoolLife() {}

    static PoolPlan end(PoolObservation seen) {
        if (seen.pool().getSpec().deletionPolicy() == DeletionPolicy.Orphan) {
            return told(
                    new Step.Release(), Phase.Deleting, "Orphaned", "the pool stays in Azure, as deletionPolicy says");
        }
        if (seen.fleet().isEmpty() || seen.silence().isPresent()) {
            return unheard(seen);
        }
        var own = seen.own();
        if (own.isEmpty()) {
            // If the look that it rests on was refused, not again at once.
            return stands(seen)
                    ? PoolPlan.asBefore(seen)
                    : told(new Step.Release(), Phase.Deleting, DELETED, "nothing of it is left in Azure");
        }
        var next = own.stream().filter(AgentPool::isDeleting).findFirst().orElse(own.getFirst());
        if (next.isDeleting()) {
            return told(
                    new Step.Nothing(), Phase.Deleting, DELETING, "AKS drains and frees the nodes of " + next.name());
        }
        if (!next.succeeded() && wasDeleting(seen) && seen.status().retry().isEmpty()) {
            return PoolPlan.trouble(seen, PoolTrouble.of(cause(next), PoolModel.of(seen.pool())));
        }
        return write(seen, new Step.Delete(next), DELETING, "AKS is told to free the nodes of " + next.name());
    }

    static PoolPlan live(PoolObservation seen) {
        var wanted = PoolModel.of(seen.pool());
        if (seen.fleet().isEmpty()) {
            return unheard(seen);
        }
        var present = seen.fleet().flatMap(fleet -> fleet.named(wanted.name()));
        var surplus =
                seen.own().stream().filter(p -> !p.name().equals(wanted.name())).findFirst();
        if (present.isEmpty()) {
            return write(
                    seen,
                    new Step.Create(wanted, surplus),
                    surplus.isPresent() ? "Replacing" : "Creating",
                    making(wanted, surplus));
        }
        var pool = present.get();
        if (!pool.belongsTo(seen.uid())) {
            return conflict(pool);
        }
        if (!pool.settled()) {
            return told(
                    new Step.Nothing(),
                    Phase.Updating,
                    pool.provisioningState(),
                    "AKS is at work on agent pool %s (%s)".formatted(pool.name(), pool.provisioningState()));
        }
        if (!pool.succeeded()) {
            return failed(seen, pool, wanted);
        }
        if (wanted.differs(pool.shape())) {
            return write(
                    seen, new Step.Update(pool, wanted), "Changing", "AKS is told to change agent pool " + pool.name());
        }
        if (surplus.isPresent()) {
            return surplus.get().isDeleting()
                    ? told(
                            new Step.Nothing(),
                            Phase.Updating,
                            "Replacing",
                            "AKS drains and frees the nodes of " + surplus.get().name() + ", which " + pool.name()
                                    + " takes the place of")
                    : write(
                            seen,
                            new Step.Delete(surplus.get()),
                            "Replacing",
                            "AKS is told to free the nodes of %s, which %s takes the place of"
                                    .formatted(surplus.get().name(), pool.name()));
        }
        return ready(seen, pool);
    }

    private static PoolPlan ready(PoolObservation seen, AgentPool pool) {
        var stopped = !seen.fleet().map(f -> f.cluster().running()).orElse(true);
        return told(
                new Step.Nothing(),
                Phase.Ready,
                stopped ? "ClusterStopped" : "AsAsked",
                stopped
                        ? "agent pool %s is as the spec asks; its AKS cluster is stopped".formatted(pool.name())
                        : "agent pool %s has from %d to %d nodes, as pods ask for them"
                                .formatted(
                                        pool.name(),
                                        pool.shape().min(),
                                        pool.shape().max()));
    }

    /** It is told first, then repaired when its time has come: by asking for the same again. */
    private static PoolPlan failed(PoolObservation seen, AgentPool pool, PoolShape wanted) {
        if (seen.isToldOf() && seen.status().retry().isEmpty()) {
            return PoolPlan.trouble(seen, PoolTrouble.of(cause(pool), wanted));
        }
        return write(
                seen, new Step.Update(pool, wanted), "Repairing", "AKS is asked again for agent pool " + pool.name());
    }

    private static ArmError cause(AgentPool pool) {
        return pool.trouble().orElseGet(() -> ArmError.later(pool.provisioningState(), "Azure does not say why"));
    }

    /** A deletion that failed is told apart from a pool that was broken before. */
    private static boolean wasDeleting(PoolObservation seen) {
        return seen.isToldOf()
                && seen.status()
                        .condition(Condition.READY)
                        .filter(c -> c.reason().equals(DELETING))
                        .isPresent();
    }

    /** A step that has to wait for its time and its turn. */
    private static PoolPlan write(PoolObservation seen, Step step, String reason, String message) {
        var phase = seen.pool().ends() ? Phase.Deleting : step instanceof Step.Create ? Phase.Pending : Phase.Updating;
        if (stands(seen)) {
            return PoolPlan.asBefore(seen);
        }
        if (seen.silence().isPresent()) {
            return unheard(seen);
        }
        var occupied = seen.fleet().flatMap(Fleet::occupied);
        if (occupied.isPresent()) {
            return told(new Step.Nothing(), phase, "OperationInProgress", "waits: " + occupied.get());
        }
        var due = (step instanceof Step.Delete ? seen.deletesFrom() : seen.notBefore()).filter(seen.now()::isBefore);
        if (due.isPresent()) {
            return new PoolPlan(
                    new Step.Nothing(),
                    phase,
                    "Budget",
                    "waits: AKS takes one change a minute of a pool",
                    false,
                    Optional.empty(),
                    due);
        }
        return told(step, phase, reason, message);
    }

    /** A trouble that was told, and whose time has not come. */
    private static boolean stands(PoolObservation seen) {
        return seen.isToldOf()
                && seen.status().retry().filter(seen.now()::isBefore).isPresent();
    }

    /** A process that has just begun knows nothing yet: that is no news, and takes nothing back. */
    private static PoolPlan unheard(PoolObservation seen) {
        var ready = seen.status().phase() == Phase.Ready;
        if (seen.isToldOf() && (seen.silence().isEmpty() || ready || stands(seen))) {
            return PoolPlan.asBefore(seen);
        }
        if (seen.silence().isEmpty()) {
            return told(
                    new Step.Nothing(),
                    seen.pool().ends() ? Phase.Deleting : Phase.Pending,
                    "AskingAzure",
                    "Azure is asked what there is");
        }
        var silence = seen.silence().get();
        var trouble = PoolTrouble.of(silence.error(), PoolModel.of(seen.pool()));
        // The common look at Azure has a pace of its own: nothing is tried again here.
        return new PoolPlan(
                new Step.Nothing(),
                PoolPlan.phase(seen, trouble.permanent()),
                trouble.reason(),
                trouble.message()
                        + silence.until().map(at -> "; asked again at " + at).orElse(""),
                trouble.permanent(),
                Optional.empty(),
                Optional.empty());
    }

    private static PoolPlan conflict(AgentPool pool) {
        return new PoolPlan(
                new Step.Nothing(),
                Phase.Failed,
                "Conflict",
                "agent pool %s is there, and not this object's by its tags: it is not touched. Delete it, or write another PlanetaryNodePool"
                        .formatted(pool.name()),
                true,
                Optional.empty(),
                Optional.empty());
    }

    private static String making(PoolShape wanted, Optional<AgentPool> instead) {
        return instead.map(old -> "AKS is told to make agent pool %s of %s in place of %s, for Azure cannot change that"
                        .formatted(wanted.name(), wanted.vmSize(), old.name()))
                .orElseGet(() -> "AKS is told to make agent pool %s of %s".formatted(wanted.name(), wanted.vmSize()));
    }
}
