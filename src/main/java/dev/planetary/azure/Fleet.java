package dev.planetary.azure;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** All agent pools of the AKS cluster, and itself, as they were at one time. */
public record Fleet(AksCluster cluster, List<AgentPool> pools) {

    public Fleet {
        pools = List.copyOf(pools);
    }

    public Optional<AgentPool> named(String name) {
        return pools.stream().filter(p -> p.name().equals(name)).findFirst();
    }

    /** What was made for an object, under whichever name. */
    public List<AgentPool> of(String uid) {
        return pools.stream().filter(p -> p.belongsTo(uid)).toList();
    }

    /** Why nothing may be changed now. A second operation would be refused, or would cancel the first one. */
    public Optional<String> occupied() {
        if (!cluster.running()) {
            return Optional.of("the AKS cluster %s is stopped".formatted(cluster.name()));
        }
        if (!cluster.settled()) {
            return Optional.of("Azure is at work on the AKS cluster %s (%s)"
                    .formatted(cluster.name(), cluster.provisioningState()));
        }
        return pools.stream().filter(p -> !p.settled()).findFirst().map(p -> "Azure is at work on agent pool %s (%s)"
                .formatted(p.name(), p.provisioningState()));
    }

    /** As it is a moment after Azure has accepted something: nobody has to ask for that. */
    Fleet with(AgentPool pool) {
        var others = new ArrayList<>(
                pools.stream().filter(p -> !p.name().equals(pool.name())).toList());
        return new Fleet(
                cluster, Stream.concat(others.stream(), Stream.of(pool)).toList());
    }
}
