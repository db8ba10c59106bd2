package dev.planetary.observe;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.FleetPace;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of a node pool whose machines Karpenter makes.
 *
 * @param nodePool  Karpenter's, under the name that ours has, whoever made it
 * @param nodeClass beside it
 * @param pace      how often it is looked at
 */
public record KarpenterObservation(
        PlanetaryNodePool pool,
        Optional<GenericKubernetesResource> nodePool,
        Optional<GenericKubernetesResource> nodeClass,
        FleetPace pace,
        Instant now) {

    /** Nodes that Karpenter counts; empty: it does not say. */
    public Optional<Integer> nodes() {
        return nodePool.map(p -> p.<Object>get("status", "resources", "nodes"))
                .map(String::valueOf)
                .map(Integer::valueOf);
    }

    /** Why Karpenter makes no machines; empty: it does. */
    public Optional<String> hindrance() {
        List<Map<String, Object>> conditions = nodePool.map(
                        p -> p.<List<Map<String, Object>>>get("status", "conditions"))
                .orElse(List.of());
        var ready =
                conditions.stream().filter(c -> "Ready".equals(c.get("type"))).findFirst();
        return ready.isEmpty()
                ? Optional.of("it has not looked at it yet")
                : ready.filter(c -> !"True".equals(c.get("status"))).map(c -> Optional.ofNullable(c.get("message"))
                        .map(String::valueOf)
                        .filter(words -> !words.isBlank())
                        .orElseGet(() -> String.valueOf(c.get("reason"))));
    }
}
