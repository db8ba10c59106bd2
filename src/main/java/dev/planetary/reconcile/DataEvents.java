package dev.planetary.reconcile;

import dev.planetary.api.DataSpec;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.observe.ObservedPod;
import dev.planetary.observe.Whereabouts;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What is newly known of where data and nodes are, as events of the clusters that say which data they read. */
final class DataEvents extends AbstractEventSource<Whereabouts, PlanetaryCluster> {
    private final DataPlaces places;
    private final NodeEvents nodes;
    private Supplier<Stream<PlanetaryCluster>> clusters = Stream::empty;

    DataEvents(DataPlaces places, NodeEvents nodes) {
        super(Whereabouts.class, "data");
        this.places = places;
        this.nodes = nodes;
    }

    /** Where it is seen which clusters there are. */
    DataEvents among(EventSourceContext<PlanetaryCluster> context) {
        clusters = () -> context.getPrimaryCache().list();
        places.read(this::wake);
        return this;
    }

    Optional<Whereabouts> around(PlanetaryCluster cluster, List<ObservedPod> pods) {
        return cluster.specOrDefault().located().map(data -> places.around(data, nodes.regions(pods)));
    }

    /** When to look again. */
    Optional<Instant> next(PlanetaryCluster cluster) {
        return cluster.specOrDefault().located().flatMap(places::next);
    }

    @Override
    public Set<Whereabouts> getSecondaryResources(PlanetaryCluster cluster) {
        return Set.of();
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
