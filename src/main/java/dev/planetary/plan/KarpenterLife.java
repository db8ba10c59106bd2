package dev.planetary.plan;

import dev.planetary.api.PlanetaryNodePoolSpec.DeletionPolicy;
import dev.planetary.api.PlanetaryNodePoolStatus.Phase;
import dev.planetary.desired.KarpenterModel;
import dev.planetary.observe.KarpenterObservation;
import dev.planetary.plan.PoolPlan.Step;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/** From its making to its end: the next step for a node pool whose machines Karpenter makes. */
public final class KarpenterLife {
    private KarpenterLife() {}

    public static PoolPlan of(KarpenterObservation seen) {
        return seen.pool().ends() ? end(seen) : live(seen);
    }

    /** The cluster does not know Karpenter's kinds. */
    public static PoolPlan notInstalled(KarpenterObservation seen) {
        return told(
                seen,
                new Step.Nothing(),
                Phase.Failed,
                "KarpenterNotInstalled",
                "the cluster has no Karpenter: switch node auto-provisioning of AKS on, or make another PlanetaryNodePool, of mode AgentPool",
                true,
                seen.pace().rest());
    }

    private static PoolPlan live(KarpenterObservation seen) {
        var foreign = there(seen)
                .filter(o -> !KarpenterModel.belongsTo(o, seen.pool()))
                .findFirst();
        if (foreign.isPresent()) {
            return told(
                    seen,
                    new Step.Nothing(),
                    Phase.Failed,
                    "Conflict",
                    "%s is there, and not this object's by its labels: it is not touched"
                            .formatted(named(foreign.get())),
                    true,
                    seen.pace().rest());
        }
        // The class first, for the pool refers to it.
        var wrong = Stream.of(
                        missing(KarpenterModel.nodeClass(seen.pool()), seen.nodeClass()),
                        missing(KarpenterModel.nodePool(seen.pool()), seen.nodePool()))
                .flatMap(Optional::stream)
                .toList();
        if (!wrong.isEmpty()) {
            var fresh = seen.nodePool().isEmpty();
            return told(
                    seen,
                    new Step.Apply(wrong),
                    fresh ? Phase.Pending : Phase.Updating,
                    fresh ? "Creating" : "Changing",
                    "Karpenter is told of " + named(wrong.getLast()),
                    false,
                    // Once it is there not at once: it may differ for ever, where a webhook or a CRD does not let it be
                    // as applied.
                    fresh ? Duration.ZERO : seen.pace().busy());
        }
        return seen.hindrance()
                .map(why -> told(
                        seen,
                        new Step.Nothing(),
                        Phase.Updating,
                        "KarpenterNotReady",
                        "Karpenter makes no nodes of NodePool %s: %s".formatted(KarpenterModel.name(seen.pool()), why),
                        false,
                        seen.pace().busy()))
                .orElseGet(() -> told(
                        seen,
                        new Step.Nothing(),
                        Phase.Ready,
                        "AsAsked",
                        "NodePool %s has up to %d nodes, as pods ask for them"
                                .formatted(
                                        KarpenterModel.name(seen.pool()),
                                        seen.pool().getSpec().maxNodes()),
                        false,
                        seen.pace().rest()));
    }

    private static PoolPlan end(KarpenterObservation seen) {
        if (seen.pool().getSpec().deletionPolicy() == DeletionPolicy.Orphan) {
            return released(seen, "Orphaned", "NodePool and AKSNodeClass stay, as deletionPolicy says");
        }
        // The pool first: a class that is in use would not go.
        var next = there(seen)
                .filter(o -> KarpenterModel.belongsTo(o, seen.pool()))
                .findFirst();
        if (next.isEmpty()) {
            return released(seen, PoolLife.DELETED, "nothing of it is left");
        }
        return next.get().getMetadata().getDeletionTimestamp() != null
                ? told(
                        seen,
                        new Step.Nothing(),
                        Phase.Deleting,
                        "Deleting",
                        "Karpenter drains and frees the nodes of " + named(next.get()),
                        false,
                        seen.pace().busy())
                : told(
                        seen,
                        new Step.Remove(next.get()),
                        Phase.Deleting,
                        "Deleting",
                        named(next.get()) + " is deleted",
                        false,
                        Duration.ZERO);
    }

    private static PoolPlan released(KarpenterObservation seen, String reason, String message) {
        return told(seen, new Step.Release(), Phase.Deleting, reason, message, false, Duration.ZERO);
    }

    private static Stream<GenericKubernetesResource> there(KarpenterObservation seen) {
        return Stream.of(seen.nodePool(), seen.nodeClass()).flatMap(Optional::stream);
    }

    private static Optional<GenericKubernetesResource> missing(
            GenericKubernetesResource wanted, Optional<GenericKubernetesResource> present) {
        return Optional.of(wanted).filter(w -> present.isEmpty() || KarpenterModel.differs(w, present.get()));
    }

    private static String named(GenericKubernetesResource object) {
        return object.getKind() + " " + object.getMetadata().getName();
    }

    private static PoolPlan told(
            KarpenterObservation seen,
            Step step,
            Phase phase,
            String reason,
            String message,
            boolean permanent,
            Duration recheck) {
        return new PoolPlan(
                step,
                phase,
                reason,
                message,
                permanent,
                Optional.empty(),
                Optional.of(seen.now().plus(recheck)));
    }
}
