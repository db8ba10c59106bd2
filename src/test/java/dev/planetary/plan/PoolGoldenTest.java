package dev.planetary.plan;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.azure.AgentPool;
import dev.planetary.azure.AksCluster;
import dev.planetary.azure.ArmError;
import dev.planetary.azure.Fleet;
import dev.planetary.azure.PoolShape;
import dev.planetary.azure.Silence;
import dev.planetary.desired.PoolModel;
import dev.planetary.observe.Folder;
import dev.planetary.observe.PoolObservation;
import dev.planetary.plan.PoolPlan.Step;
import dev.planetary.status.PoolStatus;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * Every folder of {@code src/test/resources/golden-pools} is a node pool as it is found at {@link Folder#NOW} and what the role azure
 * makes of it.
 * <ul>
 * <li>{@code in-PlanetaryNodePool.yaml}: the user's object, with its status of before, if it has one
 * <li>{@code in-PlanetaryNodePool-before.yaml}: as it was when pools {@code like: before} were made
 * <li>{@code in-azure.yaml}: what Azure shows, see {@link Azure}; without it Azure has not been heard yet
 * <li>{@code out-plan.yaml}: what it is at, why, and what is done
 * <li>{@code out-status.yaml}: what is told
 * </ul>
 */
class PoolGoldenTest {
    private static final Path ROOT = Path.of("src/test/resources/golden-pools");

    /**
     * What Azure shows.
     *
     * @param cluster   its provisioningState; default: Succeeded
     * @param stopped   whether it is stopped
     * @param until     with silence: when Azure may be asked again
     * @param notBefore when the pool may be written again
     * @param deletesFrom when a pool of the object may be told to go again
     */
    record Azure(
            String cluster,
            boolean stopped,
            Trouble silence,
            Instant until,
            Instant notBefore,
            Instant deletesFrom,
            List<Pool> pools) {}

    /** @param status HTTP status; 0: of an operation */
    record Trouble(int status, String code, String message) {
        ArmError error() {
            return new ArmError(status, code, message, Optional.empty());
        }
    }

    /**
     * One agent pool.
     *
     * @param like  wanted: as the object asks; before: as it did; other: of somebody else, with a name of its own; foreign: of somebody
     *              else, under the name that the object wants
     * @param state provisioningState
     * @param max   another maxCount than the object's
     */
    record Pool(String like, String state, int nodes, Integer max, Trouble trouble) {}

    @TestFactory
    Stream<DynamicNode> folders() {
        return Golden.folders(ROOT, PoolGoldenTest::make);
    }

    private static Golden make(Folder folder) {
        var seen = observe(folder);
        var plan = PoolPlan.of(seen);
        var made = new Golden();
        made.put("out-plan.yaml", told(plan));
        made.put("out-status.yaml", PoolStatus.of(seen, plan));
        return made;
    }

    static Map<String, Object> told(PoolPlan plan) {
        var told = new TreeMap<String, Object>();
        told.put("phase", plan.phase() + ": " + plan.reason());
        told.put(
                "step",
                switch (plan.step()) {
                    case Step.Create(var wanted, var instead) ->
                        "Create " + wanted.name()
                                + instead.map(p -> " instead of " + p.name()).orElse("");
                    case Step.Update(var present, var _) -> "Update " + present.name();
                    case Step.Delete(var present) -> "Delete " + present.name();
                    case Step.Apply(var wanted) ->
                        "Apply "
                                + wanted.stream()
                                        .map(GenericKubernetesResource::getKind)
                                        .collect(Collectors.joining(", "));
                    case Step.Remove(var present) -> "Remove " + present.getKind();
                    case Step.Release _ -> "Release";
                    case Step.Nothing _ -> "Nothing";
                });
        plan.recheck().ifPresent(at -> told.put("recheck", at.toString()));
        return told;
    }

    private static PoolObservation observe(Folder folder) {
        var pool = pool(folder, "in-PlanetaryNodePool.yaml").orElseThrow();
        var azure = folder.text("in-azure.yaml").map(text -> Serialization.unmarshal(text, Azure.class));
        return new PoolObservation(
                pool,
                azure.filter(a -> a.pools != null).map(a -> fleet(a, pool, folder)),
                azure.map(Azure::silence).map(s -> new Silence(s.error(), azure.map(Azure::until))),
                azure.map(Azure::notBefore),
                azure.map(Azure::deletesFrom),
                Folder.NOW);
    }

    private static Fleet fleet(Azure azure, PlanetaryNodePool pool, Folder folder) {
        var before = pool(folder, "in-PlanetaryNodePool-before.yaml").orElse(pool);
        return new Fleet(
                new AksCluster(
                        "aks", "westeurope", Optional.ofNullable(azure.cluster).orElse("Succeeded"), !azure.stopped),
                azure.pools.stream()
                        .map(p -> new AgentPool(
                                shape(p, PoolModel.of(p.like.equals("before") ? before : pool)),
                                Optional.of("e1"),
                                p.state,
                                p.nodes,
                                Optional.ofNullable(p.trouble).map(Trouble::error)))
                        .toList());
    }

    private static PoolShape shape(Pool pool, PoolShape shape) {
        var theirs = pool.like.equals("other") || pool.like.equals("foreign");
        return new PoolShape(
                pool.like.equals("other") ? "others" : shape.name(),
                shape.vmSize(),
                shape.spot(),
                shape.maxPrice(),
                shape.zones(),
                shape.diskGB(),
                shape.min(),
                pool.max == null ? shape.max() : pool.max,
                shape.labels(),
                shape.taints(),
                theirs ? Map.of() : shape.tags());
    }

    static Optional<PlanetaryNodePool> pool(Folder folder, String file) {
        return folder.text(file).map(text -> Serialization.unmarshal(text, PlanetaryNodePool.class));
    }
}
