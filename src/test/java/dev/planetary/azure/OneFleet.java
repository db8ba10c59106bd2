package dev.planetary.azure;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Agent pools in memory, which stay as they were put. */
public final class OneFleet implements AgentPools {
    private final List<AgentPool> pools = new CopyOnWriteArrayList<>();
    private final AtomicInteger looks = new AtomicInteger();
    private final AtomicInteger deletions = new AtomicInteger();

    /** As Azure has it from now on. */
    public void put(AgentPool pool) {
        pools.removeIf(p -> p.name().equals(pool.name()));
        pools.add(pool);
    }

    /** Of the object with that uid. */
    public static AgentPool pool(String name, String uid) {
        var shape = new PoolShape(
                name,
                "Standard_D8s_v5",
                false,
                Optional.empty(),
                List.of(),
                Optional.empty(),
                0,
                20,
                Map.of(),
                List.of(),
                Map.of(AgentPool.OWNER, uid));
        return new AgentPool(shape, Optional.empty(), "Succeeded", 0, Optional.empty());
    }

    public int looks() {
        return looks.get();
    }

    public int deletions() {
        return deletions.get();
    }

    @Override
    public AksCluster cluster() {
        looks.incrementAndGet();
        return new AksCluster("aks", "westeurope", "Succeeded", true);
    }

    @Override
    public List<AgentPool> list() {
        return List.copyOf(pools);
    }

    @Override
    public Optional<Duration> create(PoolShape wanted) {
        return Optional.empty();
    }

    @Override
    public Optional<Duration> update(AgentPool present, PoolShape wanted) {
        return Optional.empty();
    }

    @Override
    public Optional<Duration> delete(AgentPool present) {
        deletions.incrementAndGet();
        return Optional.empty();
    }
}
