package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.desired.PoolModel;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workers that wait for a node of their pool, and run when there is one. The test plays Azure's part: it labels the node. */
class NodePoolE2E {
    @RegisterExtension
    final RealCluster real = new RealCluster();

    private final String pool = "p-" + UUID.randomUUID().toString().substring(0, 8);

    @Test
    void theyRunWhenTheirPoolHasANode() {
        // Given
        real.client()
                .resource(real.client()
                        .getKubernetesSerialization()
                        .unmarshal(
                                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryNodePool
                metadata: {name: %s}
                spec:
                  vmSize: Standard_D8s_v5
                  maxNodes: 1
                  allowedNamespaces: {matchLabels: {kubernetes.io/metadata.name: %s}}
                """
                                        .formatted(pool, real.namespace()),
                                PlanetaryNodePool.class))
                .create();

        // When
        real.apply("c", RealCluster.small(1) + "  nodePool: " + pool + "\n");

        // Then
        var waiting = real.await("c", RealCluster.PATIENCE, c -> c.getStatus()
                .condition(Condition.WAITS_FOR_NODES)
                .isPresent());
        assertThat(waiting.getStatus()
                        .condition(Condition.WAITS_FOR_NODES)
                        .orElseThrow()
                        .message())
                .startsWith("1 of the workers of group default wait for nodes of pool " + pool);

        // When
        label(pool);

        // Then
        real.awaitReady("c");
    }

    @AfterEach
    void clear() {
        label(null);
        real.client().resources(PlanetaryNodePool.class).withName(pool).delete();
    }

    private void label(String value) {
        real.client()
                .nodes()
                .withName(real.client()
                        .nodes()
                        .list()
                        .getItems()
                        .getFirst()
                        .getMetadata()
                        .getName())
                .edit((Node node) -> value == null
                        ? new NodeBuilder(node)
                                .editMetadata()
                                .removeFromLabels(PoolModel.NODE_POOL)
                                .endMetadata()
                                .build()
                        : new NodeBuilder(node)
                                .editMetadata()
                                .addToLabels(PoolModel.NODE_POOL, value)
                                .endMetadata()
                                .build());
    }
}
