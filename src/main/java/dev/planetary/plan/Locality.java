package dev.planetary.plan;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.DataSpec;
import dev.planetary.api.PlanetaryClusterSpec;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.desired.NearData;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.NodeRegions;
import dev.planetary.observe.Whereabouts;
import dev.planetary.status.Finding;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether a cluster is next to its data. False only where that is certain; whatever is not known is Unknown, and refuses nothing.
 *
 * @param local     True, False, or Unknown
 * @param reason    one CamelCase word
 * @param message   where data and nodes are, or what is not known, and what to do
 * @param holds     whether no new pods are made ({@code locality: Require}): data is elsewhere, or, for a moment, has yet to be located
 * @param finding   what is told of that
 * @param placement to which nodes new pods should go
 */
public record Locality(
        Status local,
        String reason,
        String message,
        boolean holds,
        Optional<Finding> finding,
        Optional<NearData> placement) {
    /** For the moment until the catalogue has answered for the first time, or not. */
    public static final String LOCATING = DataRegions.Kind.LocatingData.name();

    private static final String ELSEWHERE = "DataElsewhere";
    private static final String SEVERAL = "DataInSeveralRegions";

    /** {@return empty: nobody wants to know} */
    public static Optional<Locality> of(ClusterObservation seen) {
        var spec = seen.cluster().specOrDefault();
        return spec.located().flatMap(data -> seen.whereabouts().map(places -> {
            var regions = DataRegions.of(data, places);
            var required = data.locality() == DataSpec.Locality.Require;
            var now = judge(regions, places.nodes());
            var told = remembered(seen, now);
            var binds = required && !Life.of(seen).halted();
            return new Locality(
                    told.local,
                    told.reason,
                    told.message,
                    binds && (told.local == Status.False || now.reason.equals(LOCATING)),
                    binds ? told.finding() : Optional.empty(),
                    placement(regions, places, required));
        }));
    }

    /** {@return whether new pods have to wait} */
    public static boolean holds(ClusterObservation seen) {
        return of(seen).filter(Locality::holds).isPresent();
    }

    /** {@return what keeps a cluster from having new pods} */
    public static Optional<Finding> finding(ClusterObservation seen) {
        return of(seen).flatMap(Locality::finding);
    }

    /** {@return the same, if it keeps the cluster from having a scheduler at all} */
    public static Optional<Finding> keepsScheduler(ClusterObservation seen) {
        return seen.scheduler().isPresent() ? Optional.empty() : finding(seen);
    }

    /** Whether users are to be warned of what a condition says, if it has not been said before. Require has its Stalled. */
    public static boolean warns(PlanetaryClusterSpec spec, Condition dataLocal) {
        var preferred = spec.located()
                .filter(d -> d.locality() == DataSpec.Locality.Prefer)
                .isPresent();
        return preferred && dataLocal.status() == Status.False
                || dataLocal.reason().equals(DataRegions.Kind.CollectionNotFound.name());
    }

    private record Told(Status local, String reason, String message) {
        Optional<Finding> finding() {
            return local == Status.False
                    ? Optional.of(
                            new Finding(
                                    true,
                                    reason,
                                    message
                                            + "; no pods are made, for spec.data.locality is Require: write Prefer to run far from the data"))
                    : reason.equals(LOCATING) ? Optional.of(new Finding(false, reason, message)) : Optional.empty();
        }
    }

    private static Told judge(DataRegions data, NodeRegions nodes) {
        var where = data.words();
        if (data.known().size() > 1) {
            return new Told(
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
            return new Told(
                    Status.False,
                    ELSEWHERE,
                    "%s; nodes in %s: reading from there is slow and costs egress; run it in a Kubernetes cluster in %s"
                            .formatted(where, words(named), data.known().firstKey()));
        }
        return data.open()
                .map(gap -> unknown(gap.kind().name(), gap.message()))
                .or(() -> unplaced(where, nodes, named))
                .orElseGet(() -> new Told(Status.True, "SameRegion", "%s; nodes in %s".formatted(where, words(named))));
    }

    /** It is known where the data is, but not where the nodes are. */
    private static Optional<Told> unplaced(String where, NodeRegions nodes, Set<String> named) {
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

    /** An operator that has just started knows less than the one before: for the moment until it is told, that one's word counts. */
    private static Told remembered(ClusterObservation seen, Told now) {
        return now.reason.equals(LOCATING)
                ? Optional.ofNullable(seen.cluster().getStatus())
                        .flatMap(s -> condition(s, seen))
                        .map(c -> new Told(c.status(), c.reason(), c.message()))
                        .orElse(now)
                : now;
    }

    /** What was said of the present spec. */
    private static Optional<Condition> condition(PlanetaryClusterStatus status, ClusterObservation seen) {
        return status.condition(Condition.DATA_LOCAL)
                .filter(c -> seen.cluster().getMetadata().getGeneration().equals(c.observedGeneration()));
    }

    /** While it is not known where the data is, pods rather go where it is expected. */
    private static Optional<NearData> placement(DataRegions data, Whereabouts places, boolean required) {
        return data.known().isEmpty()
                ? places.defaultRegion().map(region -> NearData.of(Set.of(region), false))
                : Optional.of(NearData.of(
                        data.known().keySet(), required && data.known().size() == 1));
    }

    private static Told unknown(String reason, String message) {
        return new Told(Status.Unknown, reason, message);
    }

    private static String words(Set<String> regions) {
        return DataRegions.some(regions.stream().sorted().toList());
    }
}
