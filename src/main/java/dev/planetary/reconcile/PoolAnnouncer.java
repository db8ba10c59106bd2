package dev.planetary.reconcile;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolStatus;
import dev.planetary.apply.EventRecorder;
import dev.planetary.plan.PoolPlan;
import dev.planetary.plan.PoolPlan.Step;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Events about a node pool: what Azure has been told to do, and each trouble once. */
final class PoolAnnouncer {
    private static final Logger LOG = LoggerFactory.getLogger(PoolAnnouncer.class);

    private final EventRecorder events;

    PoolAnnouncer(EventRecorder events) {
        this.events = events;
    }

    /** A step that Azure, or the API server for Karpenter, has accepted. A replacement is a warning: its nodes are drained. */
    void done(PlanetaryNodePool pool, PoolPlan plan) {
        if (plan.isToldOf(pool)) {
            return;
        }
        LOG.info("{}: {}", plan.reason(), plan.message());
        if (plan.step() instanceof Step.Create create && create.instead().isPresent()) {
            events.warning(pool, plan.reason(), plan.message());
        } else {
            events.normal(pool, plan.reason(), plan.message());
        }
    }

    /** @param now about to be written */
    void status(PlanetaryNodePool pool, PlanetaryNodePoolStatus now) {
        var before = reason(pool.statusOrNothing());
        var reason = reason(now);
        if (reason.equals(before)) {
            return;
        }
        var words = now.condition(Condition.READY).map(Condition::message).orElse("");
        LOG.info("{}: {}: {}", now.phase(), reason.orElse(""), words);
        if (now.condition(Condition.STALLED).isPresent() || now.retryAt() != null) {
            events.warning(pool, reason.orElse(""), words);
        }
    }

    private static Optional<String> reason(PlanetaryNodePoolStatus status) {
        return status.condition(Condition.READY).map(Condition::reason);
    }
}
