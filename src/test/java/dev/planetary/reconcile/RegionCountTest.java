package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.desired.NearData;
import dev.planetary.observe.EndingNodes;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RegionCountTest {
    private final AtomicInteger changes = new AtomicInteger();
    private final RegionCount count = new RegionCount();

    RegionCountTest() {
        count.onChange(changes::incrementAndGet);
    }

    @Test
    void only_a_region_that_comes_or_goes_is_news() {
        come("westeurope");
        come("westeurope");
        go("westeurope");
        assertThat(changes).hasValue(1);
        assertThat(count.regions()).containsExactly("westeurope");

        count.note(Optional.of(node("westeurope")), Optional.of(node("eastus")));
        assertThat(changes).hasValue(2);
        assertThat(count.regions()).containsExactly("eastus");

        count.note(Optional.of(node("eastus")), Optional.of(node("eastus")));
        assertThat(changes).hasValue(2);

        go("eastus");
        assertThat(changes).hasValue(3);
        assertThat(count.regions()).isEmpty();
    }

    @Test
    void nodes_without_a_region_are_counted_as_such() {
        count.note(
                Optional.empty(),
                Optional.of(new NodeBuilder()
                        .withNewMetadata()
                        .withName("n")
                        .endMetadata()
                        .build()));

        assertThat(count.regions()).containsExactly("");
    }

    private void come(String region) {
        count.note(Optional.empty(), Optional.of(node(region)));
    }

    private void go(String region) {
        count.note(Optional.of(node(region)), Optional.empty());
    }

    /** As it is kept. */
    private static Node node(String region) {
        return EndingNodes.bare(new NodeBuilder()
                .withNewMetadata()
                .withName("n")
                .addToLabels(NearData.LABEL, region)
                .addToLabels("kubernetes.io/hostname", "n")
                .endMetadata()
                .build());
    }
}
