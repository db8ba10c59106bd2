package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolSpec;
import dev.planetary.api.PlanetaryNodePoolSpec.Priority;
import dev.planetary.api.PlanetaryNodePoolSpec.Taint;
import dev.planetary.azure.AgentPool;
import dev.planetary.azure.PoolShape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** From a PlanetaryNodePool to the agent pool that it asks for. */
public final class PoolModel {
    /** Label and taint of the nodes of a pool, with its name. */
    public static final String NODE_POOL = PlanetaryCluster.GROUP + "/node-pool";
    /** As AKS's documentation has it for GPU nodes. */
    private static final String GPU_TAINT = "sku=gpu:NoSchedule";

    private PoolModel() {}

    public static PoolShape of(PlanetaryNodePool pool) {
        var spec = pool.getSpec();
        return new PoolShape(
                name(pool),
                spec.vmSize(),
                spec.priority() == Priority.Spot,
                Optional.ofNullable(spec.spotMaxPrice()),
                spec.zones(),
                Optional.ofNullable(spec.osDiskSizeGB()),
                spec.minNodes(),
                spec.maxNodes(),
                with(spec.labels(), NODE_POOL, pool.getMetadata().getName()),
                taints(pool),
                with(
                        with(spec.tags(), AgentPool.OWNER, pool.getMetadata().getUid()),
                        AgentPool.OWNERS_NAME,
                        pool.getMetadata().getName()));
    }

    /**
     * Of the object and what of its spec Azure cannot change: another one is another pool. Two letters and ten hex digits are AKS's twelve
     * characters.
     */
    private static String name(PlanetaryNodePool pool) {
        var spec = pool.getSpec();
        return "np" + Json.hash(Arrays.asList(pool.getMetadata().getUid(), fixed(spec)));
    }

    private static Map<String, Object> fixed(PlanetaryNodePoolSpec spec) {
        var fixed = new TreeMap<String, Object>();
        fixed.put("vmSize", spec.vmSize());
        fixed.put("priority", spec.priority());
        fixed.put("zones", spec.zones());
        // -1 is what is meant where nothing is written.
        if (spec.spotMaxPrice() != null && spec.spotMaxPrice().signum() > 0) {
            fixed.put("spotMaxPrice", spec.spotMaxPrice().stripTrailingZeros().toPlainString());
        }
        if (spec.osDiskSizeGB() != null) {
            fixed.put("osDiskSizeGB", spec.osDiskSizeGB());
        }
        return fixed;
    }

    private static List<String> taints(PlanetaryNodePool pool) {
        var spec = pool.getSpec();
        return Stream.of(
                        Stream.of(NODE_POOL + "=" + pool.getMetadata().getName() + ":NoSchedule"),
                        spec.gpu() > 0 ? Stream.of(GPU_TAINT) : Stream.<String>empty(),
                        spec.taints().stream().map(Taint::inAzure))
                .flatMap(taints -> taints)
                .distinct()
                .toList();
    }

    private static Map<String, String> with(Map<String, String> some, String key, String value) {
        var all = new TreeMap<>(some);
        all.put(key, value);
        return all;
    }
}
