package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryNodePoolStatus;
import dev.planetary.plan.PoolPlan;
import java.time.Instant;
import java.util.Optional;

/**
 * What came of one look at a node pool.
 *
 * @param plan   as it is after what was done
 * @param done   the plan that something was done of; Azure has accepted it, where it is asked
 * @param status what is to be told
 * @param seen   when it was looked
 */
record PoolPass(PoolPlan plan, Optional<PoolPlan> done, PlanetaryNodePoolStatus status, Instant seen) {}
