package dev.planetary.plan;

import java.util.Map;

/**
 * What the clusters of a namespace may have together, by the operator's settings; what is not named is not limited. Thousandths of a
 * CPU, bytes of memory.
 */
public record Limits(Map<Measure, Long> most) {
    /** More than anybody has, and far enough from overflow. */
    private static final long ANY = Long.MAX_VALUE / 4;

    public static final Limits NONE = new Limits(Map.of());

    public Limits {
        most = Map.copyOf(most);
    }

    public boolean none() {
        return most.isEmpty();
    }

    /** Whether it matters how large a pod is. */
    boolean bySize() {
        return most.containsKey(Measure.CORES) || most.containsKey(Measure.MEMORY);
    }

    long of(Measure measure) {
        return most.getOrDefault(measure, ANY);
    }

    Use all() {
        return new Use(of(Measure.CLUSTERS), of(Measure.WORKERS), of(Measure.CORES), of(Measure.MEMORY));
    }
}
