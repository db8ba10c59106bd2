package dev.planetary.validate;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolSpec.Priority;
import dev.planetary.api.WorkersSpec;
import dev.planetary.api.WorkersSpec.Spot;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import java.util.Map;
import java.util.Optional;

/** Whether a group of workers may use the node pool that it names, and what the pool says when its nodes are not there. */
public final class PoolUse {
    /** A reason: labels of the namespace decide. */
    public static final String NOT_ALLOWED = "NodePoolNotAllowed";

    private PoolUse() {}

    /** For an operator that has no right to see node pools. */
    public static Finding unseen(String pool) {
        return new Finding(
                true,
                "NodePoolsNotSeen",
                "this operator looks after single namespaces and cannot see node pool %s: leave nodePool out, and choose nodes by template"
                        .formatted(pool));
    }

    /** @param labels of the namespace */
    public static Optional<Finding> check(
            WorkersSpec group, Optional<PlanetaryNodePool> found, String namespace, Map<String, String> labels) {
        var name = group.nodePool();
        if (found.isEmpty() || found.get().ends()) {
            return Optional.of(new Finding(
                    false,
                    "NodePoolNotFound",
                    found.isEmpty()
                            ? "there is no PlanetaryNodePool %s: workers are made when there is".formatted(name)
                            : "PlanetaryNodePool %s is being deleted: no workers are made for it".formatted(name)));
        }
        var spec = found.get().getSpec();
        if (!matches(spec.allowedNamespaces(), labels)) {
            return Optional.of(new Finding(
                    true,
                    NOT_ALLOWED,
                    "namespace %s may not use node pool %s: its allowedNamespaces decide, and whoever looks after node pools"
                            .formatted(namespace, name)));
        }
        if (spec.priority() == Priority.Spot && group.spot() == Spot.Never) {
            return Optional.of(new Finding(
                    true,
                    "NodePoolIsSpot",
                    "node pool %s has spot machines, which may be taken back at any time: write spot: Require or Prefer beside nodePool"
                            .formatted(name)));
        }
        if (spec.priority() == Priority.Regular && group.spot() != Spot.Never) {
            return Optional.of(new Finding(
                    true,
                    "NodePoolIsRegular",
                    "node pool %s has no spot machines: leave spot out beside nodePool".formatted(name)));
        }
        return Optional.empty();
    }

    /** What workers without a node wait for. */
    public static String awaited(String group, long workers, PlanetaryNodePool pool) {
        var status = pool.statusOrNothing();
        return "%d of the workers of group %s wait for nodes of pool %s (%s, %s of at most %d nodes there): %s"
                .formatted(
                        workers,
                        group,
                        pool.getMetadata().getName(),
                        pool.getSpec().vmSize(),
                        status.nodes() == null ? "?" : status.nodes(),
                        pool.getSpec().maxNodes(),
                        status.condition(Condition.READY)
                                .map(Condition::message)
                                .orElse("nobody has made it yet: does the role azure run?"));
    }

    /** A missing selector is nobody, an empty one everybody. */
    private static boolean matches(LabelSelector selector, Map<String, String> labels) {
        return selector != null
                && (selector.getMatchLabels() == null
                        || labels.entrySet()
                                .containsAll(selector.getMatchLabels().entrySet()))
                && (selector.getMatchExpressions() == null
                        || selector.getMatchExpressions().stream().allMatch(r -> matches(r, labels)));
    }

    private static boolean matches(LabelSelectorRequirement requirement, Map<String, String> labels) {
        var value = labels.get(requirement.getKey());
        return switch (requirement.getOperator()) {
            case "In" -> value != null && requirement.getValues().contains(value);
            case "NotIn" -> value == null || !requirement.getValues().contains(value);
            case "Exists" -> value != null;
            default -> value == null;
        };
    }
}
