package dev.planetary.plan;

import dev.planetary.desired.Amounts;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongBinaryOperator;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * How much of what is limited.
 *
 * @param millicores thousandths of a CPU
 * @param bytes      of memory
 */
public record Use(long clusters, long workers, long millicores, long bytes) {
    public static final Use NONE = new Use(0, 0, 0, 0);
    static final Use CLUSTER = new Use(1, 0, 0, 0);
    static final Use WORKER = new Use(0, 1, 0, 0);

    /**
     * What a pod's containers may take: their limit, or, without one, their request; without either it is not known, and nothing.
     * Counted as Kubernetes counts requests: those that run side by side together, those before them by the largest.
     */
    static Use of(Pod pod) {
        var spec = pod.getSpec();
        if (spec == null) {
            return NONE;
        }
        var before = spec.getInitContainers() == null ? List.<Container>of() : spec.getInitContainers();
        var sidecars = before.stream().filter(c -> "Always".equals(c.getRestartPolicy()));
        var beside = Stream.concat(spec.getContainers().stream(), sidecars)
                .map(Use::of)
                .reduce(NONE, Use::plus);
        return before.stream()
                .filter(c -> !"Always".equals(c.getRestartPolicy()))
                .map(Use::of)
                .reduce(beside, Use::max);
    }

    public long of(Measure measure) {
        return switch (measure) {
            case CLUSTERS -> clusters;
            case WORKERS -> workers;
            case CORES -> millicores;
            case MEMORY -> bytes;
        };
    }

    Use plus(Use other) {
        return with(other, (a, b) -> saturated(() -> Math.addExact(a, b), b < 0));
    }

    Use minus(Use other) {
        return with(other, (a, b) -> saturated(() -> Math.subtractExact(a, b), a < 0));
    }

    Use max(Use other) {
        return with(other, Math::max);
    }

    Use times(int number) {
        return new Use(
                product(clusters, number),
                product(workers, number),
                product(millicores, number),
                product(bytes, number));
    }

    private static long product(long each, int number) {
        return saturated(() -> Math.multiplyExact(each, number), false);
    }

    /** What is beyond all numbers stays there: with the other sign it would be room for others. */
    private static long saturated(LongSupplier exact, boolean negative) {
        try {
            return exact.getAsLong();
        } catch (ArithmeticException e) {
            return negative ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }

    /** How many of that size are in it. */
    int holds(Use each) {
        return (int) Arrays.stream(Measure.values())
                .filter(m -> each.of(m) > 0)
                .mapToLong(m -> Math.max(0, of(m) / each.of(m)))
                .min()
                .stream()
                .map(n -> Math.min(n, Integer.MAX_VALUE))
                .findFirst()
                .orElse(Integer.MAX_VALUE);
    }

    /** What there is too little of for that. */
    Optional<Measure> lacks(Use wanted) {
        return Arrays.stream(Measure.values())
                .filter(m -> wanted.of(m) > Math.max(0, of(m)))
                .findFirst();
    }

    private Use with(Use other, LongBinaryOperator op) {
        return new Use(
                op.applyAsLong(clusters, other.clusters),
                op.applyAsLong(workers, other.workers),
                op.applyAsLong(millicores, other.millicores),
                op.applyAsLong(bytes, other.bytes));
    }

    private static Use of(Container container) {
        var resources = container.getResources();
        return resources == null ? NONE : new Use(0, 0, amount(resources, "cpu", 3), amount(resources, "memory", 0));
    }

    private static long amount(ResourceRequirements resources, String name, int decimals) {
        return quantity(resources.getLimits(), name)
                .or(() -> quantity(resources.getRequests(), name))
                .map(q -> Amounts.scaled(q, decimals))
                .orElse(0L);
    }

    private static Optional<Quantity> quantity(Map<String, Quantity> quantities, String name) {
        return quantities == null ? Optional.empty() : Optional.ofNullable(quantities.get(name));
    }
}
