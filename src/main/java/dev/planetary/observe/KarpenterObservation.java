package dev.planetary.observe;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.FleetPace;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

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

    private static final int LONGEST = 64;
    /** With few digits of an exponent: what is reckoned with it must not fill the memory. */
    private static final Pattern QUANTITY =
            Pattern.compile("\\+?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,2}|[numkMGTPE]|[KMGTPE]i)?");

    /** Nodes that Karpenter counts; empty: it does not say, or what is no number of nodes. */
    public Optional<Integer> nodes() {
        return nodePool.map(p -> p.<Object>get("status", "resources", "nodes"))
                .map(String::valueOf)
                .flatMap(KarpenterObservation::count);
    }

    /** It is a quantity of Kubernetes, which writes a thousand as {@code 1k}. */
    private static Optional<Integer> count(String quantity) {
        if (quantity.length() > LONGEST || !QUANTITY.matcher(quantity).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Quantity(quantity).getNumericalAmount().intValueExact());
        } catch (IllegalArgumentException | ArithmeticException _) {
            return Optional.empty();
        }
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
