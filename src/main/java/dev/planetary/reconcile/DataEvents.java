package dev.planetary.reconcile;

import dev.planetary.api.DataSpec;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.observe.ObservedPod;
import dev.planetary.observe.Whereabouts;
import dev.planetary.stac.Catalogue;
import dev.planetary.stac.CollectionLookups;
import dev.planetary.telemetry.Telemetry;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Where data and nodes are, for clusters that say which data they read; and what is newly known of it, as events of these. */
final class DataEvents extends AbstractEventSource<Whereabouts, PlanetaryCluster> {
    private final CollectionLookups lookups;
    private final NodeEvents nodes;
    private final Optional<String> defaultRegion;
    private Supplier<Stream<PlanetaryCluster>> clusters = Stream::empty;

    /** @param catalogue empty: nobody is asked where collections are */
    DataEvents(
            Optional<Catalogue> catalogue,
            NodeEvents nodes,
            Optional<String> defaultRegion,
            Clock clock,
            Executor executor,
            Telemetry telemetry) {
        super(Whereabouts.class, "data");
        this.lookups = new CollectionLookups(catalogue, clock, executor, this::answered, telemetry::catalogueAsked);
        this.nodes = nodes;
        this.defaultRegion = defaultRegion;
    }

    /** Where it is seen which clusters there are. */
    DataEvents among(EventSourceContext<PlanetaryCluster> context) {
        clusters = () -> context.getPrimaryCache().list();
        nodes.onRegions(() -> wake(_ -> true));
        return this;
    }

    /** Asks nobody but the catalogue, and does not wait for that. */
    Optional<Whereabouts> around(PlanetaryCluster cluster, List<ObservedPod> pods) {
        return cluster.specOrDefault()
                .located()
                .map(data -> new Whereabouts(
                        looked(data).stream().distinct().collect(Collectors.toMap(Function.identity(), lookups::place)),
                        defaultRegion,
                        nodes.regions(pods)));
    }

    /** When to look again, for the catalogue is asked again then. */
    Optional<Instant> next(PlanetaryCluster cluster) {
        return cluster.specOrDefault().located().flatMap(data -> lookups.next(looked(data)));
    }

    @Override
    public Set<Whereabouts> getSecondaryResources(PlanetaryCluster cluster) {
        return Set.of();
    }

    /** Whose user says where the data is, need not be looked for. */
    private static List<String> looked(DataSpec data) {
        return data.region() == null ? data.collections() : List.of();
    }

    private void answered(String collection) {
        wake(data -> looked(data).contains(collection));
    }

    private void wake(Predicate<DataSpec> whose) {
        // Before and after, there is nobody to wake: a start looks at all of them.
        if (isRunning()) {
            clusters.get()
                    .filter(c -> c.specOrDefault().located().filter(whose).isPresent())
                    .forEach(c -> getEventHandler().handleEvent(new Event(ResourceID.fromResource(c))));
        }
    }
}
