package dev.planetary.plan;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.FleetPace;
import dev.planetary.desired.KarpenterModel;
import dev.planetary.observe.Folder;
import dev.planetary.observe.KarpenterObservation;
import dev.planetary.status.PoolStatus;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * Every folder of {@code src/test/resources/golden-karpenter} is a node pool of mode Karpenter as it is found at {@link Folder#NOW}.
 * <ul>
 * <li>{@code in-PlanetaryNodePool.yaml}: the user's object, with its status of before, if it has one
 * <li>{@code in-PlanetaryNodePool-before.yaml}: as it was when what is {@code before} was made
 * <li>{@code in-karpenter.yaml}: what is there, see {@link There}; without it, nothing
 * <li>{@code out-NodePool-*.yaml}, {@code out-AKSNodeClass-*.yaml}: what is wanted
 * <li>{@code out-plan.yaml}, {@code out-status.yaml}: what is done and why, and what is told
 * </ul>
 */
class KarpenterGoldenTest {
    private static final Path ROOT = Path.of("src/test/resources/golden-karpenter");

    private static final FleetPace PACE =
            new FleetPace(Duration.ofSeconds(30), Duration.ofMinutes(2), FleetPace.WRITE, Duration.ofSeconds(30));

    /**
     * What is there.
     *
     * @param nodePool  asked: as the object asks; before: as it did; going: being deleted; foreign: of somebody else
     * @param nodeClass the same
     * @param ready     status of the NodePool's condition
     * @param message   beside it
     * @param nodes     that Karpenter counts
     */
    record There(String nodePool, String nodeClass, String ready, String message, Integer nodes) {}

    @TestFactory
    Stream<DynamicNode> folders() {
        return Golden.folders(ROOT, KarpenterGoldenTest::make);
    }

    private static Golden make(Folder folder) {
        var seen = observe(folder);
        var plan = KarpenterLife.of(seen);
        var made = new Golden();
        made.put("out-plan.yaml", PoolGoldenTest.told(plan));
        made.put("out-status.yaml", PoolStatus.of(seen, plan));
        if (!seen.pool().ends()) {
            made.put(KarpenterModel.nodePool(seen.pool()));
            made.put(KarpenterModel.nodeClass(seen.pool()));
        }
        return made;
    }

    private static KarpenterObservation observe(Folder folder) {
        var pool = PoolGoldenTest.pool(folder, "in-PlanetaryNodePool.yaml").orElseThrow();
        var before =
                PoolGoldenTest.pool(folder, "in-PlanetaryNodePool-before.yaml").orElse(pool);
        var there = folder.text("in-karpenter.yaml").map(text -> Serialization.unmarshal(text, There.class));
        return new KarpenterObservation(
                pool,
                there.flatMap(t -> object(t.nodePool, KarpenterModel::nodePool, pool, before)
                        .map(o -> withStatus(o, t))),
                there.flatMap(t -> object(t.nodeClass, KarpenterModel::nodeClass, pool, before)),
                PACE,
                Folder.NOW);
    }

    private static Optional<GenericKubernetesResource> object(
            String how,
            Function<PlanetaryNodePool, GenericKubernetesResource> model,
            PlanetaryNodePool pool,
            PlanetaryNodePool before) {
        if (how == null) {
            return Optional.empty();
        }
        var object = model.apply(how.equals("before") ? before : pool);
        if (how.equals("foreign")) {
            object.getMetadata().setLabels(Map.of());
        }
        if (how.equals("going")) {
            object.getMetadata().setDeletionTimestamp("2026-03-01T11:59:30Z");
        }
        return Optional.of(object);
    }

    private static GenericKubernetesResource withStatus(GenericKubernetesResource object, There there) {
        if (there.ready != null) {
            object.setAdditionalProperty(
                    "status",
                    Map.of(
                            "resources",
                            Map.of(
                                    "nodes",
                                    String.valueOf(
                                            Optional.ofNullable(there.nodes).orElse(0))),
                            "conditions",
                            List.of(Map.of(
                                    "type",
                                    "Ready",
                                    "status",
                                    there.ready,
                                    "reason",
                                    "Ready",
                                    "message",
                                    Optional.ofNullable(there.message).orElse("")))));
        }
        return object;
    }
}
