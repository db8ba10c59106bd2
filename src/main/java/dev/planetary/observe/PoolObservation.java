package dev.planetary.observe;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus;
import dev.planetary.azure.AgentPool;
import dev.planetary.azure.Fleet;
import dev.planetary.azure.Silence;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is known of a node pool at one time.
 *
 * @param fleet       what Azure last said; empty: it has not been heard yet
 * @param silence     why Azure cannot be asked, if it cannot
 * @param notBefore   when this pool may be written again, by Azure's budget
 * @param deletesFrom when a pool of this object may be told to go again
 */
public record PoolObservation(
        PlanetaryNodePool pool,
        Optional<Fleet> fleet,
        Optional<Silence> silence,
        Optional<Instant> notBefore,
        Optional<Instant> deletesFrom,
        Instant now) {

    public String uid() {
        return pool.getMetadata().getUid();
    }

    public PlanetaryNodePoolStatus status() {
        return pool.statusOrNothing();
    }

    /** Its own pools in Azure. */
    public List<AgentPool> own() {
        return fleet.map(f -> f.of(uid())).orElse(List.of());
    }

    /** Whether the last word was of this spec. A first pass that failed has told of nothing else. */
    public boolean isToldOf() {
        return status().condition(Condition.READY)
                        .filter(c -> c.reason().equals(Condition.OPERATOR_ERROR))
                        .isEmpty()
                && pool.getMetadata().getGeneration().equals(status().observedGeneration());
    }
}
