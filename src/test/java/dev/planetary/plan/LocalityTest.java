package dev.planetary.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.desired.NearData;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.NodeRegions;
import dev.planetary.observe.Whereabouts;
import dev.planetary.stac.CollectionPlace;
import dev.planetary.stac.CollectionPlace.Asking;
import dev.planetary.stac.CollectionPlace.Found;
import dev.planetary.stac.CollectionPlace.NoCatalogue;
import dev.planetary.stac.CollectionPlace.NotFound;
import dev.planetary.stac.CollectionPlace.Unanswered;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalityTest {
    private static final CollectionPlace HERE = new Found(Optional.of("westeurope"), Optional.of("sentinel2l2a01"));
    private static final CollectionPlace THERE = new Found(Optional.of("eastus"), Optional.empty());
    private static final NodeRegions NEAR = nodes("westeurope");

    private static NodeRegions nodes(String... regions) {
        return new NodeRegions(true, Set.of(regions), Set.of());
    }

    private static NodeRegions pods(Set<String> all, String... regions) {
        return new NodeRegions(true, all, Set.of(regions));
    }

    static Stream<Arguments> cases() {
        return Stream.of(
                Arguments.of("near", Map.of("a", HERE), NEAR, "True SameRegion"),
                Arguments.of("far", Map.of("a", THERE), NEAR, "False DataElsewhere"),
                Arguments.of("two of one region", Map.of("a", HERE, "b", HERE), NEAR, "True SameRegion"),
                Arguments.of("two regions", Map.of("a", HERE, "b", THERE), NEAR, "False DataInSeveralRegions"),
                Arguments.of(
                        "far, and not all known", Map.of("a", THERE, "b", new Asking()), NEAR, "False DataElsewhere"),
                Arguments.of(
                        "near, and not all known", Map.of("a", HERE, "b", new Asking()), NEAR, "Unknown LocatingData"),
                Arguments.of("no answer", Map.of("a", new Unanswered("x")), NEAR, "Unknown CatalogueUnavailable"),
                Arguments.of("misspelt", Map.of("a", new NotFound()), NEAR, "Unknown CollectionNotFound"),
                Arguments.of("no catalogue", Map.of("a", new NoCatalogue()), NEAR, "Unknown NoCatalogue"),
                Arguments.of(
                        "what matters most is told",
                        Map.of("a", new Unanswered("x"), "b", new NotFound()),
                        NEAR,
                        "Unknown CollectionNotFound"),
                Arguments.of(
                        "without a region it is where it is by default",
                        Map.of("a", new Found(Optional.empty(), Optional.empty())),
                        NEAR,
                        "True SameRegion"),
                Arguments.of("no nodes", Map.of("a", HERE), nodes(), "Unknown NoNodes"),
                Arguments.of("no labels", Map.of("a", HERE), nodes(""), "Unknown NodesWithoutRegion"),
                Arguments.of("some labels", Map.of("a", HERE), nodes("", "eastus"), "Unknown NodesWithoutRegion"),
                Arguments.of(
                        "nodes of both kinds",
                        Map.of("a", HERE),
                        nodes("westeurope", "eastus"),
                        "Unknown NodesInSeveralRegions"),
                Arguments.of("all far", Map.of("a", HERE), nodes("westus", "eastus"), "False DataElsewhere"),
                Arguments.of(
                        "pods are near, whatever other nodes are",
                        Map.of("a", HERE),
                        pods(Set.of("", "westeurope", "eastus"), "westeurope"),
                        "True SameRegion"),
                Arguments.of(
                        "a pod is far",
                        Map.of("a", HERE),
                        pods(Set.of("westeurope", "eastus"), "westeurope", "eastus"),
                        "False DataElsewhere"),
                Arguments.of(
                        "a pod is nowhere",
                        Map.of("a", HERE),
                        pods(Set.of("", "westeurope"), ""),
                        "Unknown NodesWithoutRegion"),
                Arguments.of(
                        "nodes may not be seen",
                        Map.of("a", HERE),
                        new NodeRegions(false, Set.of(), Set.of()),
                        "Unknown NodesNotWatched"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void says_only_what_is_certain(String name, Map<String, CollectionPlace> places, NodeRegions nodes, String told) {
        assertThat(told(look("collections: [a]", places, nodes))).isEqualTo(told);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void require_refuses_what_is_certain_and_waits_for_the_first_answer(
            String name, Map<String, CollectionPlace> places, NodeRegions nodes, String told) {
        var finding = look("collections: [a], locality: Require", places, nodes).finding();

        assertThat(finding.isPresent()).isEqualTo(told.startsWith("False") || told.endsWith("LocatingData"));
        assertThat(finding.filter(Finding::permanent).isPresent()).isEqualTo(told.startsWith("False"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void prefer_refuses_nothing(String name, Map<String, CollectionPlace> places, NodeRegions nodes, String told) {
        assertThat(look("collections: [a]", places, nodes).finding()).isEmpty();
    }

    @Test
    void the_user_s_word_counts_without_a_catalogue() {
        var told = look("region: northeurope", Map.of(), NEAR);

        assertThat(told(told)).isEqualTo("False DataElsewhere");
        assertThat(told.message()).startsWith("data (by spec.data.region) in northeurope; nodes in westeurope: ");
    }

    @Test
    void without_collections_and_region_data_is_where_it_is_by_default() {
        assertThat(told(look("locality: Require", Map.of(), NEAR))).isEqualTo("True SameRegion");
    }

    @Test
    void without_a_default_either_it_is_said_what_to_write() {
        var seen = seen("{data: {}}").at(Optional.of(new Whereabouts(Map.of(), Optional.empty(), NEAR)));

        assertThat(Locality.of(seen).orElseThrow().message())
                .startsWith("write spec.data.collections or spec.data.region");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{data: {collections: [a], locality: Ignore}}"})
    void nobody_looks_where_nobody_asks(String spec) {
        assertThat(Locality.of(seen(spec).at(Optional.empty()))).isEmpty();
    }

    @Test
    void what_is_suspended_is_not_refused() {
        var seen = seen("{suspend: true, data: {collections: [a], locality: Require}}")
                .at(places(Map.of("a", THERE), NEAR));

        assertThat(Locality.of(seen).orElseThrow().local()).isEqualTo(Status.False);
        assertThat(Locality.finding(seen)).isEmpty();
    }

    @Test
    void pods_are_held_to_the_region_only_where_it_is_required_and_known() {
        assertThat(look("collections: [a]", Map.of("a", THERE), NEAR).placement())
                .contains(new NearData(List.of("eastus"), false));
        assertThat(look("collections: [a], locality: Require", Map.of("a", THERE), NEAR)
                        .placement())
                .contains(new NearData(List.of("eastus"), true));
        assertThat(look("collections: [a], locality: Require", Map.of("a", new Unanswered("x")), NEAR)
                        .placement())
                .contains(new NearData(List.of("westeurope"), false));
        assertThat(look("collections: [a, b]", Map.of("a", THERE, "b", HERE), NEAR)
                        .placement())
                .contains(new NearData(List.of("eastus", "westeurope"), false));
    }

    @Test
    void many_names_are_cut_short() {
        var many = Map.<String, CollectionPlace>of("a", HERE, "b", HERE, "c", HERE, "d", HERE, "e", HERE, "f", HERE);

        assertThat(look("collections: [a]", many, NEAR).message())
                .contains("e (storage account sentinel2l2a01) and 1 more in westeurope");
    }

    private static Locality look(String data, Map<String, CollectionPlace> places, NodeRegions nodes) {
        return Locality.of(seen("{data: {" + data + "}}").at(places(places, nodes)))
                .orElseThrow();
    }

    private static Optional<Whereabouts> places(Map<String, CollectionPlace> places, NodeRegions nodes) {
        return Optional.of(new Whereabouts(places, Optional.of("westeurope"), nodes));
    }

    private static ClusterObservation seen(String spec) {
        var cluster = Serialization.unmarshal(
                "metadata: {name: c, namespace: n, uid: u, generation: 1}\nspec: " + spec, PlanetaryCluster.class);
        return new ClusterObservation(
                cluster,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Instant.EPOCH);
    }

    private static String told(Locality locality) {
        return locality.local() + " " + locality.reason();
    }
}
