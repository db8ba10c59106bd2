package dev.planetary.azure;

import com.azure.core.management.exception.ManagementError;
import com.azure.resourcemanager.containerservice.fluent.models.AgentPoolInner;
import com.azure.resourcemanager.containerservice.models.AgentPoolMode;
import com.azure.resourcemanager.containerservice.models.AgentPoolType;
import com.azure.resourcemanager.containerservice.models.OSType;
import com.azure.resourcemanager.containerservice.models.ScaleSetEvictionPolicy;
import com.azure.resourcemanager.containerservice.models.ScaleSetPriority;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An agent pool in the SDK's words, and back. */
final class ArmPools {
    private ArmPools() {}

    /** @param beside a pool in the network that the new one is to be in */
    static AgentPoolInner made(PoolShape wanted, Optional<AgentPoolInner> beside) {
        var pool = new AgentPoolInner()
                .withVmSize(wanted.vmSize())
                .withMode(AgentPoolMode.USER)
                .withOsType(OSType.LINUX)
                .withTypePropertiesType(AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS)
                .withCount(wanted.min());
        beside.ifPresent(other -> pool.withVnetSubnetId(other.vnetSubnetId()).withPodSubnetId(other.podSubnetId()));
        wanted.diskGB().ifPresent(pool::withOsDiskSizeGB);
        if (!wanted.zones().isEmpty()) {
            pool.withAvailabilityZones(wanted.zones());
        }
        if (wanted.spot()) {
            pool.withScaleSetPriority(ScaleSetPriority.SPOT)
                    .withScaleSetEvictionPolicy(ScaleSetEvictionPolicy.DELETE)
                    .withSpotMaxPrice(
                            wanted.maxPrice().orElse(BigDecimal.ONE.negate()).floatValue());
        }
        return changed(pool, wanted);
    }

    /** The number of nodes is the autoscaler's, within the bounds. */
    static AgentPoolInner changed(AgentPoolInner pool, PoolShape wanted) {
        var count = pool.count() == null ? wanted.min() : pool.count();
        return pool.withEnableAutoScaling(true)
                .withMinCount(wanted.min())
                .withMaxCount(wanted.max())
                .withCount(Math.clamp(count, wanted.min(), wanted.max()))
                .withNodeLabels(wanted.labels())
                .withNodeTaints(wanted.taints())
                .withTags(wanted.tags());
    }

    static AgentPool read(AgentPoolInner pool) {
        return new AgentPool(
                new PoolShape(
                        pool.name(),
                        String.valueOf(pool.vmSize()),
                        ScaleSetPriority.SPOT.equals(pool.scaleSetPriority()),
                        Optional.ofNullable(pool.spotMaxPrice()).map(p -> new BigDecimal(p.toString())),
                        orNone(pool.availabilityZones()),
                        Optional.ofNullable(pool.osDiskSizeGB()),
                        orZero(pool.minCount()),
                        orZero(pool.maxCount()),
                        orNone(pool.nodeLabels()),
                        orNone(pool.nodeTaints()),
                        orNone(pool.tags())),
                Optional.ofNullable(pool.etag()),
                String.valueOf(pool.provisioningState()),
                orZero(pool.count()),
                Optional.ofNullable(pool.status())
                        .flatMap(s -> Optional.ofNullable(s.provisioningError()))
                        .map(ArmPools::error));
    }

    /** The innermost detail is the one that tells. */
    private static ArmError error(ManagementError outer) {
        var details = outer.getDetails();
        return details == null || details.isEmpty()
                ? ArmError.later(String.valueOf(outer.getCode()), String.valueOf(outer.getMessage()))
                : error(details.getFirst());
    }

    private static int orZero(Integer number) {
        return number == null ? 0 : number;
    }

    private static List<String> orNone(List<String> some) {
        return some == null ? List.of() : some;
    }

    private static Map<String, String> orNone(Map<String, String> some) {
        return some == null ? Map.of() : some;
    }
}
