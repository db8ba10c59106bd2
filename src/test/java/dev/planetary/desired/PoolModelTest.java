package dev.planetary.desired;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.PoolShape;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which pool in Azure a PlanetaryNodePool is. */
class PoolModelTest {
    private static final String SPOT = "vmSize: Standard_D8s_v5, maxNodes: 20, priority: Spot";

    @Test
    void the_name_is_one_that_AKS_takes_and_never_another() {
        // As operators of before have made it: another one would replace every pool.
        assertThat(shape("1", SPOT).name()).matches("[a-z][a-z0-9]{0,11}").isEqualTo("npe8ffe2de86");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vmSize: Standard_D16s_v5, maxNodes: 20, priority: Spot",
                "vmSize: Standard_D8s_v5, maxNodes: 20",
                SPOT + ", spotMaxPrice: 0.25",
                SPOT + ", zones: ['1']",
                SPOT + ", osDiskSizeGB: 128"
            })
    void what_Azure_cannot_change_makes_another_pool(String spec) {
        assertThat(shape("1", spec).name()).isNotEqualTo(shape("1", SPOT).name());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vmSize: Standard_D8s_v5, maxNodes: 5, minNodes: 1, priority: Spot",
                SPOT + ", spotMaxPrice: -1",
                SPOT + ", labels: {a: b}, tags: {a: b}, taints: [{key: a, effect: NoSchedule}], gpu: 1",
                SPOT + ", allowedNamespaces: {}, deletionPolicy: Orphan"
            })
    void all_else_is_changed_in_place(String spec) {
        assertThat(shape("1", spec).name()).isEqualTo(shape("1", SPOT).name());
    }

    @Test
    void zones_in_another_order_are_the_same() {
        assertThat(shape("1", SPOT + ", zones: ['2', '1']")).isEqualTo(shape("1", SPOT + ", zones: ['1', '2']"));
    }

    @Test
    void an_object_that_was_made_anew_is_another() {
        assertThat(shape("2", SPOT).name()).isNotEqualTo(shape("1", SPOT).name());
    }

    private static PoolShape shape(String uid, String spec) {
        return PoolModel.of(Serialization.unmarshal(
                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryNodePool
                metadata: {name: cpu-spot, uid: c0000000-0000-4000-8000-00000000000%s}
                spec: {%s}
                """
                        .formatted(uid, spec),
                PlanetaryNodePool.class));
    }
}
