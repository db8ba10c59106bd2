package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.desired.NearData;
import dev.planetary.it.ApiServer;
import dev.planetary.stac.StacServer;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Clusters that say which data they read, before a real catalogue. All nodes there are count, so they are this test's own. */
@ResourceLock("nodes")
class LocalityIT {
    private static final String NAIP = "/api/stac/v1/collections/naip";

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    private final StacServer catalogue = new StacServer();

    @BeforeEach
    void withCatalogue() {
        flow.restart(settings());
    }

    @AfterEach
    void clear() {
        catalogue.close();
        List.of("a", "b").forEach(n -> flow.client().nodes().withName(name(n)).delete());
    }

    @Test
    void farFromItsDataItRunsAndIsWarnedOnce() {
        // Given
        node("a", "eastus");
        catalogue.has("naip", "westeurope");

        // When
        flow.apply("c", "workers: {replicas: 1}, data: {collections: [naip]}");
        flow.comeUp("c", 1);

        // Then
        var words =
                "naip (storage account naipeuwest) in westeurope; nodes in eastus: reading from there is slow and costs"
                        + " egress; run it in a Kubernetes cluster in westeurope";
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.DATA_LOCAL))
                .isEqualTo("DataElsewhere: " + words));
        assertThat(status()).isEqualTo(Condition.Status.False);

        // When it is looked at again and again, and by another process
        for (var round = 0; round < 5; round++) {
            flow.pods().poke(flow.pods().get("c-default-0"), "round " + round);
        }
        flow.settle();
        assertThat(catalogue.asked()).containsExactly(NAIP);
        flow.restart(settings());
        Flow.until().until(() -> catalogue.asked().size() == 2);
        flow.settle();

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.events("c", "DataElsewhere"))
                .containsExactly(words));
        assertThat(flow.ready("c")).isTrue();

        // When a pod's node turns out to be near
        flow.client().nodes().withName(name("a")).edit(n -> new NodeBuilder(n)
                .editMetadata()
                .addToLabels(NearData.LABEL, "westeurope")
                .endMetadata()
                .build());

        // Then
        Flow.until().until(() -> flow.message("c", Condition.DATA_LOCAL).startsWith("SameRegion: "));
        assertThat(catalogue.asked()).hasSize(2);
    }

    @Test
    void whoRequiresNearnessGetsNoPodsBeforeANodeIsNear() {
        // Given
        node("a", "eastus");
        catalogue.has("naip", "westeurope");

        // When
        flow.apply("c", "workers: {replicas: 1}, data: {collections: [naip], locality: Require}");

        // Then
        Flow.until().until(() -> flow.message("c", Condition.STALLED).startsWith("DataElsewhere: "));
        flow.settle();
        assertThat(flow.pods().of("c")).isEmpty();
        assertThat(flow.message("c", Condition.STALLED)).endsWith("write Prefer to run far from the data");
        Flow.until().untilAsserted(() -> assertThat(flow.events("c", "DataElsewhere"))
                .hasSize(1));

        // When
        node("b", "westeurope");

        // Then
        Flow.until().until(() -> flow.pods().of("c").size() == 2);
        assertThat(flow.pods().of("c")).allSatisfy(pod -> assertThat(regions(pod))
                .containsExactly(
                        new NodeSelectorRequirement(NearData.LABEL, "In", List.of("westeurope")),
                        new NodeSelectorRequirement(NearData.LABEL, "DoesNotExist", List.of())));
        flow.pods().of("c").forEach(pod -> flow.pods().bind(pod, name("b")));
        flow.comeUp("c", 1);
        assertThat(flow.message("c", Condition.DATA_LOCAL)).startsWith("SameRegion: ");

        // When the data is said to be elsewhere while it runs
        flow.change("c", "data: {region: eastus}, workers: {replicas: 2}");

        // Then what runs stays, and nothing is added
        Flow.until().until(() -> flow.message("c", Condition.STALLED).startsWith("DataElsewhere: "));
        flow.settle();
        assertThat(flow.pods().workerNames("c")).containsExactly("c-default-0");
        assertThat(catalogue.asked()).containsExactly(NAIP);
    }

    @Test
    void aSlowCatalogueThatFailsAndComesBackKeepsNobodyFromRunning() {
        // Given
        node("a", "westeurope");
        catalogue.hold();

        // When
        flow.apply("c", "workers: {replicas: 1}, data: {collections: [naip]}");
        flow.apply("strict", "workers: {replicas: 1}, data: {collections: [naip], locality: Require}");

        // Then
        flow.comeUp("c", 1);
        assertThat(flow.message("c", Condition.DATA_LOCAL)).startsWith("LocatingData: ");
        assertThat(status()).isEqualTo(Condition.Status.Unknown);
        Flow.until().until(() -> flow.message("strict", Condition.READY).startsWith("LocatingData: "));
        assertThat(flow.pods().of("strict")).isEmpty();

        // When
        catalogue.replies("naip", 500, "sorry");
        catalogue.release();

        // Then
        Flow.until().until(() -> flow.message("c", Condition.DATA_LOCAL)
                .startsWith("CatalogueUnavailable: the catalogue does not say where naip is: it answers 500"));
        flow.comeUp("strict", 1);
        assertThat(flow.condition("strict", Condition.STALLED)).isEmpty();

        // When
        catalogue.has("naip", "westeurope");

        // Then: it is asked again by itself, once for both
        for (var cluster : List.of("c", "strict")) {
            Flow.until().until(() -> flow.message(cluster, Condition.DATA_LOCAL).startsWith("SameRegion: "));
        }
        assertThat(flow.metrics()
                        .get("planetary.catalogue.requests")
                        .tag("outcome", "found")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(flow.events("c", "DataElsewhere")).isEmpty();
    }

    @Test
    void afterARestartNothingIsWrittenThatWasSaidBefore() {
        // Given
        node("a", "westeurope");
        catalogue.has("naip", "westeurope");
        flow.apply("c", "workers: {replicas: 1}, data: {collections: [naip], locality: Require}");
        flow.comeUp("c", 1);
        Flow.until().until(() -> flow.message("c", Condition.DATA_LOCAL).startsWith("SameRegion: "));
        flow.settle();
        flow.stop();
        var before = flow.cluster("c").get();

        // When
        catalogue.hold();
        flow.restart(settings());
        Flow.until().until(() -> catalogue.asked().size() == 2);
        flow.settle();

        // Then
        assertThat(flow.wire().writes()).isEmpty();

        // When
        catalogue.release();
        flow.settle();

        // Then
        assertThat(flow.wire().writes()).isEmpty();
        assertThat(flow.cluster("c").get()).isEqualTo(before);
    }

    @Test
    void aCollectionThatIsNotThereIsSaid() {
        // Given
        node("a", "westeurope");

        // When
        flow.apply("c", "workers: {replicas: 1}, data: {collections: [niap]}");
        flow.comeUp("c", 1);

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.events("c", "CollectionNotFound"))
                .singleElement()
                .asString()
                .startsWith("the catalogue has no collection niap"));
        assertThat(status()).isEqualTo(Condition.Status.Unknown);
    }

    @Test
    void whoseDataNobodyNamesCostsNothing() {
        // When
        flow.apply("c", "workers: {replicas: 1}");
        flow.apply("d", "workers: {replicas: 1}, data: {collections: [naip], locality: Ignore}");
        flow.comeUp("c", 1);
        flow.comeUp("d", 1);
        flow.settle();

        // Then
        assertThat(catalogue.asked()).isEmpty();
        assertThat(flow.condition("c", Condition.DATA_LOCAL)).isEmpty();
        assertThat(flow.condition("d", Condition.DATA_LOCAL)).isEmpty();
        flow.wire().forget();
        node("a", "eastus");
        flow.settle();
        assertThat(flow.wire().requests()).isEmpty();
    }

    @Test
    void withoutTheRightToSeeNodesItIsSaid() {
        // Given
        catalogue.has("naip", "westeurope");
        flow.restart(settings().withoutNodeWatch());

        // When
        flow.apply("c", "workers: {replicas: 1}, data: {collections: [naip], locality: Require}");

        // Then: Kubernetes' scheduler knows more, and sees to it
        flow.comeUp("c", 1);
        Flow.until().until(() -> flow.message("c", Condition.DATA_LOCAL).startsWith("NodesNotWatched: "));
        assertThat(flow.pods().of("c"))
                .allSatisfy(pod -> assertThat(regions(pod)).hasSize(2));
    }

    private TestSettings settings() {
        return new TestSettings(Flow.IMAGE).withCatalogue(catalogue.url());
    }

    private Condition.Status status() {
        return flow.condition("c", Condition.DATA_LOCAL).orElseThrow().status();
    }

    /** What a pod says of regions, one requirement for each alternative. */
    private static List<NodeSelectorRequirement> regions(Pod pod) {
        return pod
                .getSpec()
                .getAffinity()
                .getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms()
                .stream()
                .flatMap(t -> t.getMatchExpressions().stream())
                .filter(e -> e.getKey().equals(NearData.LABEL))
                .toList();
    }

    private void node(String name, String region) {
        flow.client()
                .resource(new NodeBuilder()
                        .withNewMetadata()
                        .withName(name(name))
                        .addToLabels(NearData.LABEL, region)
                        .endMetadata()
                        .build())
                .create();
    }

    private String name(String node) {
        return flow.namespace() + "-" + node;
    }
}
