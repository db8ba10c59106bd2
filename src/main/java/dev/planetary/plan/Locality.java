package dev.planetary.plan;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.DataSpec;
import dev.planetary.desired.NearData;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.Whereabouts;
import dev.planetary.status.Finding;
import java.util.Optional;
import java.util.Set;

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

    /** {@return empty: nobody wants to know} */
    public static Optional<Locality> of(ClusterObservation seen) {
        var spec = seen.cluster().specOrDefault();
        return spec.located().flatMap(data -> seen.whereabouts().map(places -> {
            var regions = DataRegions.of(data, places);
            var required = data.locality() == DataSpec.Locality.Require;
            var now = Nearness.of(regions, places.nodes());
            var told = now.remembering(condition(seen));
            var binds = required && !Life.of(seen).halted();
            return new Locality(
                    told.local(),
                    told.reason(),
                    told.message(),
                    binds && (told.far() || now.locating()),
                    binds ? finding(told) : Optional.empty(),
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
    public static boolean warns(Optional<DataSpec> located, Condition dataLocal) {
        var preferred =
                located.filter(d -> d.locality() == DataSpec.Locality.Prefer).isPresent();
        return preferred && dataLocal.status() == Status.False
                || dataLocal.reason().equals(DataRegions.Kind.CollectionNotFound.name());
    }

    /** Of what keeps a cluster from having new pods, if its data must be near. */
    private static Optional<Finding> finding(Nearness told) {
        return told.far()
                ? Optional.of(
                        new Finding(
                                true,
                                told.reason(),
                                told.message()
                                        + "; no pods are made, for spec.data.locality is Require: write Prefer to run far from the data"))
                : told.locating() ? Optional.of(new Finding(false, told.reason(), told.message())) : Optional.empty();
    }

    /** What was said of the present spec. */
    private static Optional<Condition> condition(ClusterObservation seen) {
        return Optional.ofNullable(seen.cluster().getStatus())
                .flatMap(s -> s.condition(Condition.DATA_LOCAL))
                .filter(c -> seen.cluster().getMetadata().getGeneration().equals(c.observedGeneration()));
    }

    /** While it is not known where the data is, pods rather go where it is expected. */
    private static Optional<NearData> placement(DataRegions data, Whereabouts places, boolean required) {
        return data.known().isEmpty()
                ? places.defaultRegion().map(region -> NearData.of(Set.of(region), false))
                : Optional.of(NearData.of(
                        data.known().keySet(), required && data.known().size() == 1));
    }
}
