package dev.planetary.plan;

import java.util.Collection;
import java.util.Comparator;
import java.util.stream.Collectors;

/**
 * That a limit of its namespace keeps a cluster from having all it asks for.
 *
 * @param waits   it has no pods for now
 * @param none    it has no workers although it asks for some
 * @param message which limit it is, and who uses how much of it, all of the same namespace
 */
public record Shortage(boolean waits, boolean none, String message) {
    /** The one word for it, in conditions and events. */
    public static final String REASON = "LimitReached";

    /** Of the others, so many are named. */
    private static final int NAMED = 3;

    /** @param others what the namespace's other clusters hold */
    static Shortage of(Limits limits, Grant grant, Wanted asked, Collection<Claim> others) {
        var measure = grant.lacks().orElseThrow();
        var wanted = asked.all();
        var granted =
                grant.workers().values().stream().mapToInt(Integer::intValue).sum();
        var limit = "the namespace %s %s (setting planetary.limits.%s), and %s"
                .formatted(
                        measure.verb(), measure.text(limits.of(measure)), measure.setting(), others(measure, others));
        return new Shortage(
                grant.waits(),
                wanted > 0 && granted == 0,
                grant.waits()
                        ? limit
                                + "; the cluster starts when there is room: when others are suspended, stopped or deleted,"
                                + " or have fewer workers"
                        : "%d of %s: %s".formatted(granted, Measure.WORKERS.text(wanted), limit));
    }

    private static String others(Measure measure, Collection<Claim> others) {
        var users = others.stream()
                .filter(c -> c.held().of(measure) > 0)
                .sorted(Comparator.comparing((Claim c) -> c.held().of(measure))
                        .reversed()
                        .thenComparing(Claim.OLDEST_FIRST))
                .toList();
        if (users.isEmpty()) {
            return "no other cluster uses any of it";
        }
        var sum = users.stream().mapToLong(c -> c.held().of(measure)).sum();
        var names = users.stream()
                .limit(NAMED)
                .map(c -> measure == Measure.CLUSTERS
                        ? c.name()
                        : c.name() + " " + measure.number(c.held().of(measure)))
                .collect(Collectors.joining(", "));
        return "others have %s (%s%s)"
                .formatted(
                        measure.number(sum),
                        names,
                        users.size() > NAMED ? " and %d more".formatted(users.size() - NAMED) : "");
    }
}
