package dev.planetary.plan;

import dev.planetary.api.DataSpec;
import dev.planetary.observe.Whereabouts;
import dev.planetary.stac.CollectionPlace;
import dev.planetary.stac.CollectionPlace.Asking;
import dev.planetary.stac.CollectionPlace.Found;
import dev.planetary.stac.CollectionPlace.NoCatalogue;
import dev.planetary.stac.CollectionPlace.NotFound;
import dev.planetary.stac.CollectionPlace.Unanswered;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * In which regions a cluster's data is.
 *
 * @param known by region, what is there
 * @param open  what is not known; empty: {@code known} is all there is
 */
record DataRegions(SortedMap<String, List<String>> known, Optional<Gap> open) {
    /** Of a list in a message; the rest is counted. */
    private static final int SHOWN = 5;

    private static final String WRITE_REGION = "write spec.data.region if you know it";

    /** Why it is not known where something is. The later the kind, the more pressing: of several, one is told. */
    record Gap(Kind kind, String message) {}

    /** In the order of how much they ask of somebody. */
    enum Kind {
        RegionNotNamed,
        NoCatalogue,
        CatalogueUnavailable,
        CollectionNotFound,
        /** Whatever else is open, it may look otherwise in a moment. */
        LocatingData
    }

    DataRegions {
        known = Collections.unmodifiableSortedMap(new TreeMap<>(known));
    }

    static DataRegions of(DataSpec data, Whereabouts places) {
        if (data.region() != null) {
            return all(data.region(), what(data) + " (by spec.data.region)");
        }
        if (data.collections().isEmpty()) {
            return places.defaultRegion()
                    .map(region -> all(region, "data (where it is by default)"))
                    .orElseGet(() -> new DataRegions(
                            new TreeMap<>(),
                            Optional.of(new Gap(
                                    Kind.RegionNotNamed,
                                    "write spec.data.collections or spec.data.region: the operator has no default"))));
        }
        var known = new TreeMap<String, List<String>>();
        var gaps = new TreeMap<Kind, List<String>>();
        places.collections().forEach((id, place) -> {
            switch (place) {
                case Found found ->
                    found.region()
                            .ifPresentOrElse(
                                    region -> put(known, region, id + account(found)), () -> places.defaultRegion()
                                            .ifPresentOrElse(
                                                    region -> put(known, region, id + " (where it is by default)"),
                                                    () -> put(gaps, Kind.RegionNotNamed, id)));
                case NotFound _ -> put(gaps, Kind.CollectionNotFound, id);
                case Unanswered _ -> put(gaps, Kind.CatalogueUnavailable, id);
                case Asking _ -> put(gaps, Kind.LocatingData, id);
                case NoCatalogue _ -> put(gaps, Kind.NoCatalogue, id);
            }
        });
        return new DataRegions(
                known,
                gaps.entrySet().stream()
                        .max(Comparator.comparing(Map.Entry::getKey))
                        .map(e -> new Gap(e.getKey(), message(e.getKey(), e.getValue(), places))));
    }

    /** As {@code a, b in westeurope; c in eastus}. */
    String words() {
        return known.entrySet().stream()
                .map(e -> some(e.getValue()) + " in " + e.getKey())
                .collect(Collectors.joining("; "));
    }

    static String some(List<String> names) {
        return names.size() <= SHOWN
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, SHOWN)) + " and %d more".formatted(names.size() - SHOWN);
    }

    private static String message(Kind kind, List<String> ids, Whereabouts places) {
        var which = some(ids);
        return switch (kind) {
            case LocatingData -> "the catalogue is being asked where " + which + " is";
            case CollectionNotFound ->
                "the catalogue has no collection %s: is it spelt right? For data that is not in it %s"
                        .formatted(which, WRITE_REGION);
            case CatalogueUnavailable ->
                "the catalogue does not say where %s is: %s; it is asked again. Until then %s"
                        .formatted(which, why(places.collections().get(ids.getFirst())), WRITE_REGION);
            case NoCatalogue ->
                "the operator has no catalogue to ask where %s is (PLANETARY_STAC_URL): %s"
                        .formatted(which, WRITE_REGION);
            case RegionNotNamed ->
                "the catalogue names no region of %s, and the operator has no default: %s"
                        .formatted(which, WRITE_REGION);
        };
    }

    private static String why(CollectionPlace place) {
        return place instanceof Unanswered(var why) ? why : "";
    }

    private static DataRegions all(String region, String what) {
        return new DataRegions(new TreeMap<>(Map.of(region, List.of(what))), Optional.empty());
    }

    private static String what(DataSpec data) {
        return data.collections().isEmpty() ? "data" : some(data.collections());
    }

    private static String account(Found found) {
        return found.account().map(a -> " (storage account " + a + ")").orElse("");
    }

    private static <K> void put(Map<K, List<String>> lists, K key, String value) {
        lists.computeIfAbsent(key, _ -> new ArrayList<>()).add(value);
    }
}
