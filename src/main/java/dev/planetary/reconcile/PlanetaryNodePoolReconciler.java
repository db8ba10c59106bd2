package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolSpec.Mode;
import dev.planetary.plan.PoolPlan;
import dev.planetary.plan.PoolPlan.Step;
import dev.planetary.status.PoolStatus;
import io.javaoperatorsdk.operator.api.config.informer.Informer;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.quarkus.arc.lookup.LookupIfProperty;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Keeps an AKS agent pool, or what Karpenter makes nodes from, as a PlanetaryNodePool asks: observe, plan, do one thing, tell. Level-triggered; every pass may be cut off
 * anywhere. The finalizer is there before the first pass, and goes when nothing is left in Azure.
 */
@LookupIfProperty(name = "planetary.role", stringValue = "azure")
@ControllerConfiguration(
        name = PlanetaryNodePoolReconciler.NAME,
        finalizerName = PlanetaryNodePool.FINALIZER,
        informer = @Informer(comparableResourceVersions = false),
        retry = ForEver.class,
        maxReconciliationInterval = @MaxReconciliationInterval(interval = 5, timeUnit = TimeUnit.MINUTES))
public final class PlanetaryNodePoolReconciler implements Reconciler<PlanetaryNodePool>, Cleaner<PlanetaryNodePool> {
    static final String NAME = "planetarynodepool";
    private final PoolParts parts;

    PlanetaryNodePoolReconciler(PoolParts parts) {
        this.parts = parts;
    }

    @Override
    public List<EventSource<?, PlanetaryNodePool>> prepareEventSources(EventSourceContext<PlanetaryNodePool> context) {
        var pools = context.getPrimaryCache();
        parts.gauges().follow(pools::list);
        return List.of(parts.events().of(context));
    }

    @Override
    public UpdateControl<PlanetaryNodePool> reconcile(PlanetaryNodePool cached, Context<PlanetaryNodePool> context) {
        return Again.in(pass(cached).again());
    }

    @Override
    public DeleteControl cleanup(PlanetaryNodePool cached, Context<PlanetaryNodePool> context) {
        var pass = pass(cached);
        if (pass.plan.step() instanceof Step.Release) {
            return DeleteControl.defaultDelete();
        }
        var control = DeleteControl.noFinalizerRemoval();
        return pass.again().map(it -> control.rescheduleAfter(it)).orElse(control);
    }

    /**
     * What came of it.
     *
     * @param again when to come again even if nothing happens
     */
    private record Pass(PoolPlan plan, Optional<Duration> again) {}

    private Pass pass(PlanetaryNodePool cached) {
        var pool = parts.statuses().freshest(cached);
        try {
            return acted(pool);
        } catch (RuntimeException e) {
            // Retried without end; people are told meanwhile.
            parts.statuses().write(pool, PoolStatus.error(pool, e, parts.clock().instant()));
            throw e;
        }
    }

    private Pass acted(PlanetaryNodePool pool) {
        var passed = pool.getSpec().mode() == Mode.Karpenter
                ? parts.karpenter().pass(pool)
                : parts.executor().pass(pool);
        var plan = passed.plan();
        passed.done().ifPresent(it -> parts.announcer().done(pool, it));
        if (plan.step() instanceof Step.Release) {
            return new Pass(plan, Optional.empty());
        }
        parts.announcer().status(pool, passed.status());
        var unwritten = parts.statuses().write(pool, passed.status());
        var due = plan.recheck().map(at -> Duration.between(passed.seen(), at));
        return new Pass(
                plan,
                Stream.of(unwritten, due)
                        .flatMap(Optional::stream)
                        .map(it -> it.compareTo(Again.SOONEST) < 0 ? Again.SOONEST : it)
                        .min(Duration::compareTo));
    }
}
