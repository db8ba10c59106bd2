package dev.planetary.plan;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus.Phase;
import dev.planetary.azure.AgentPool;
import dev.planetary.azure.ArmError;
import dev.planetary.azure.PoolShape;
import dev.planetary.desired.PoolModel;
import dev.planetary.observe.PoolObservation;
import dev.planetary.observe.PoolTrouble;
import dev.planetary.observe.Quoted;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * What to do about a node pool, and what to tell. Azure's own record is the only memory: pools are known by the uid in their tags, so a
 * plan is the same whoever makes it, and whenever the one before died.
 *
 * @param permanent somebody has to do something
 * @param retryAt   after a trouble: when it is tried again
 * @param recheck   when to look again even if nothing happens
 */
public record PoolPlan(
        Step step,
        Phase phase,
        String reason,
        String message,
        boolean permanent,
        Optional<Instant> retryAt,
        Optional<Instant> recheck) {

    /** One thing to do. */
    public sealed interface Step {
        /** @param instead what it takes the place of, if anything */
        record Create(PoolShape wanted, Optional<AgentPool> instead) implements Step {}

        record Update(AgentPool present, PoolShape wanted) implements Step {}

        record Delete(AgentPool present) implements Step {}

        /** Karpenter's objects, to be made or changed. */
        record Apply(List<GenericKubernetesResource> wanted) implements Step {}

        record Remove(GenericKubernetesResource present) implements Step {}

        /** Nothing is left in Azure: the object may go. */
        record Release() implements Step {}

        record Nothing() implements Step {}
    }

    public static PoolPlan of(PoolObservation seen) {
        return seen.pool().ends() ? PoolLife.end(seen) : PoolLife.live(seen);
    }

    /** What became of a step that Azure refused. */
    public static PoolPlan refused(PoolObservation seen, ArmError error) {
        return trouble(seen, PoolTrouble.of(error, PoolModel.of(seen.pool())));
    }

    public boolean changesAzure() {
        return switch (step) {
            case Step.Create _, Step.Update _, Step.Delete _ -> true;
            case Step.Apply _, Step.Remove _, Step.Release _, Step.Nothing _ -> false;
        };
    }

    /** The object may go because nothing is left in Azure, not because it is left there. */
    public boolean freesNothing() {
        return step instanceof Step.Release && reason.equals(PoolLife.DELETED);
    }

    /** Whether its status says so already of its present spec: people are told once, however often it is done. */
    public boolean isToldOf(PlanetaryNodePool pool) {
        var status = pool.statusOrNothing();
        return pool.getMetadata().getGeneration().equals(status.observedGeneration())
                && status.condition(Condition.READY)
                        .filter(c -> c.reason().equals(Quoted.reason(reason))
                                && c.message().equals(Quoted.beginning(message)))
                        .isPresent();
    }

    /** What is still to be done is so by another pass, at once: nobody will tell of it. */
    public PoolPlan continued(Instant now) {
        return changesAzure() ? new PoolPlan(step, phase, reason, message, permanent, retryAt, Optional.of(now)) : this;
    }

    /** Another's turn came first. */
    public PoolPlan waits() {
        return told(
                new Step.Nothing(),
                phase,
                "OperationInProgress",
                "waits: another pool of the AKS cluster is being changed");
    }

    static PoolPlan trouble(PoolObservation seen, PoolTrouble trouble) {
        var at = seen.now().plus(trouble.again()).truncatedTo(ChronoUnit.SECONDS);
        return new PoolPlan(
                new Step.Nothing(),
                phase(seen, trouble.permanent()),
                trouble.reason(),
                trouble.message() + "; tried again at " + at,
                trouble.permanent(),
                Optional.of(at),
                Optional.of(at));
    }

    /** What was told stands, a trouble until its time has come: the status is its only memory. */
    public static PoolPlan asBefore(PoolObservation seen) {
        var ready = seen.status().condition(Condition.READY);
        return new PoolPlan(
                new Step.Nothing(),
                seen.status().phase(),
                ready.map(Condition::reason).orElse("Waiting"),
                ready.map(Condition::message).orElse(""),
                seen.status().condition(Condition.STALLED).isPresent(),
                seen.status().retry(),
                seen.status().retry().filter(seen.now()::isBefore));
    }

    static Phase phase(PoolObservation seen, boolean permanent) {
        return seen.pool().ends()
                ? Phase.Deleting
                : permanent ? Phase.Failed : seen.own().isEmpty() ? Phase.Pending : Phase.Updating;
    }

    static PoolPlan told(Step step, Phase phase, String reason, String message) {
        return new PoolPlan(step, phase, reason, message, false, Optional.empty(), Optional.empty());
    }
}
