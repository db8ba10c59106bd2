package dev.planetary.reconcile;

import dev.planetary.api.DataSpec;
import dev.planetary.observe.Whereabouts;
import dev.planetary.stac.Catalogue;
import dev.planetary.stac.CollectionLookups;
import dev.planetary.telemetry.Telemetry;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Where data and nodes are, for clusters and jobs alike that say which data they read. It asks nobody but the catalogue. */
final class DataPlaces {
    private final CollectionLookups lookups;
    private final NodeEvents nodes;
    private final Optional<String> defaultRegion;
    private final List<Consumer<Predicate<DataSpec>>> readers = new CopyOnWriteArrayList<>();

    /** @param catalogue empty: nobody is asked where collections are */
    DataPlaces(
            Optional<Catalogue> catalogue,
            NodeEvents nodes,
            Optional<String> defaultRegion,
            Clock clock,
            Executor executor,
            Telemetry telemetry) {
        this.lookups = new CollectionLookups(
                catalogue,
                clock,
                executor,
                collection -> tell(data -> looked(data).contains(collection)),
                telemetry::catalogueAsked);
        this.nodes = nodes;
        this.defaultRegion = defaultRegion;
        nodes.onRegions(() -> tell(_ -> true));
    }

    /** @param reader told of whose data there is news, or of whose nodes */
    void read(Consumer<Predicate<DataSpec>> reader) {
        readers.add(reader);
    }

    /**
     * What is known now; nobody waits for more.
     *
     * @param ofPods in which regions the nodes of the cluster's pods are
     */
    Whereabouts around(DataSpec data, Set<String> ofPods) {
        return new Whereabouts(
                looked(data).stream().distinct().collect(Collectors.toMap(Function.identity(), lookups::place)),
                defaultRegion,
                nodes.among(ofPods));
    }

    /** When to look again, for the catalogue is asked again then. */
    Optional<Instant> next(DataSpec data) {
        return lookups.next(looked(data));
    }

    /** Whose user says where the data is, need not be looked for. */
    private static List<String> looked(DataSpec data) {
        return data.region() == null ? data.collections() : List.of();
    }

    private void tell(Predicate<DataSpec> whose) {
        readers.forEach(r -> r.accept(whose));
    }
}
