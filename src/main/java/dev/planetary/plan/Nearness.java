package dev.planetary.plan;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.desired.NearData;
import dev.planetary.observe.NodeRegions;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether nodes are in the region of some data. False only where that is certain.
 *
 * @param local   True, False, or Unknown
 * @param reason  one CamelCase word
 * @param message where data and nodes are, or what is not known, and what to do
 */
public record Nearness(Status local, String reason, String message) {
    private static final String ELSEWHERE = "DataElsewhere";
    private static final String SEVERAL = "DataInSeveralRegions";

    /** {@return what was said before} */
    static Nearness of(Condition dataLocal) {
        return new Nearness(dataLocal.status(), dataLocal.reason(), dataLocal.message());
    }

    /**
     * An operator that has just started knows less than the one before: for the moment until it is told, that one's word counts.
     *
     * @param before what is said of the same spec, if anything
     */
    Nearness remembering(Optional<Condition> before) {
        return locating() ? before.map(Nearness::of).orElse(this) : this;
    }

    /** For the moment until the catalogue has answered for the first time, or not. */
    boolean locating() {
        return reason.equals(Locality.LOCATING);
    }

    /** For certain. */
    boolean far() {
        return local == Status.False;
    }

    /** {@return what is certain of data and nodes} */
    static Nearness of(DataRegions data, NodeRegions nodes) {
        var where = data.words();
        if (data.known().size() > 1) {
            return new Nearness(
                    Status.False,
                    SEVERAL,
                    where + ": wherever the nodes are, some is far; use a cluster for each region");
        }
        var question = nodes.inQuestion();
        var named = question.stream().filter(r -> !r.equals(NodeRegions.NONE)).collect(Collectors.toSet());
        var far = named.stream().filter(r -> !data.known().containsKey(r)).collect(Collectors.toSet());
        // Pods that are far are; where there are none yet, they may come to be near while any node is or may be.
        var certain = nodes.ofPods().isEmpty() ? !far.isEmpty() && far.equals(question) : !far.isEmpty();
        if (!data.known().isEmpty() && nodes.watched() && certain) {
            return new Nearness(
                    Status.False,
                    ELSEWHERE,
                    "%s; nodes in %s: reading from there is slow and costs egress; run it in a Kubernetes cluster in %s"
                            .formatted(where, words(named), data.known().firstKey()));
        }
        return data.open()
                .map(gap -> unknown(gap.kind().name(), gap.message()))
                .or(() -> unplaced(where, nodes, named))
                .orElseGet(() ->
                        new Nearness(Status.True, "SameRegion", "%s; nodes in %s".formatted(where, words(named))));
    }

    /** It is known where the data is, but not where the nodes are. */
    private static Optional<Nearness> unplaced(String where, NodeRegions nodes, Set<String> named) {
        if (!nodes.watched()) {
            return Optional.of(unknown(
                    "NodesNotWatched",
                    where + "; where the nodes are is not known: the operator may not look at nodes"));
        }
        if (nodes.inQuestion().isEmpty()) {
            return Optional.of(unknown("NoNodes", where + "; there are no nodes yet"));
        }
        if (named.size() < nodes.inQuestion().size()) {
            return Optional.of(unknown(
                    "NodesWithoutRegion",
                    where + "; where the nodes are is not known: some have no label " + NearData.LABEL));
        }
        return named.size() > 1
                ? Optional.of(unknown(
                        "NodesInSeveralRegions",
                        "%s; nodes in %s, and no pod has its node yet".formatted(where, words(named))))
                : Optional.empty();
    }

    private static Nearness unknown(String reason, String message) {
        return new Nearness(Status.Unknown, reason, message);
    }

    private static String words(Set<String> regions) {
        return DataRegions.some(regions.stream().sorted().toList());
    }
}
