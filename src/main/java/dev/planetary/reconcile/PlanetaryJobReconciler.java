package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryJob;
import dev.planetary.plan.JobPlan;
import dev.planetary.plan.JobPlan.Step;
import dev.planetary.status.JobStatus;
import io.javaoperatorsdk.operator.api.config.informer.Informer;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
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
 * Brings a PlanetaryJob to its end: observe, plan, write what is planned, do it. Level-triggered; every pass may be cut off anywhere.
 */
@LookupIfProperty(name = "planetary.role", stringValue = "operator", lookupIfMissing = true)
@ControllerConfiguration(
        name = PlanetaryJobReconciler.NAME,
        generationAwareEventProcessing = false,
        informer = @Informer(comparableResourceVersions = false, onUpdateFilter = Asked.class),
        retry = ForEver.class,
        maxReconciliationInterval = @MaxReconciliationInterval(interval = 5, timeUnit = TimeUnit.MINUTES))
public final class PlanetaryJobReconciler implements Reconciler<PlanetaryJob> {
    static final String NAME = "planetaryjob";
    private final JobParts parts;

    PlanetaryJobReconciler(JobParts parts) {
        this.parts = parts;
    }

    @Override
    public List<EventSource<?, PlanetaryJob>> prepareEventSources(EventSourceContext<PlanetaryJob> context) {
        parts.telemetry().followJobs(() -> context.getPrimaryCache().list());
        return parts.sources().all(context);
    }

    @Override
    public UpdateControl<PlanetaryJob> reconcile(PlanetaryJob cached, Context<PlanetaryJob> context) {
        var job = parts.statuses().freshest(cached);
        if (job.getMetadata().getDeletionTimestamp() != null) {
            return UpdateControl.noUpdate();
        }
        try {
            return Again.in(pass(job, context));
        } catch (RuntimeException e) {
            // Retried without end; users are told meanwhile.
            parts.statuses()
                    .write(
                            parts.statuses().freshest(job),
                            JobStatus.error(
                                    parts.statuses().freshest(job),
                                    e,
                                    parts.clock().instant()));
            throw e;
        } finally {
            Gone.forget(job, context, parts.forget());
        }
    }

    /** @return when to come again even if nothing happens */
    private Optional<Duration> pass(PlanetaryJob job, Context<PlanetaryJob> context) {
        var uid = job.getMetadata().getUid();
        var seen = parts.observer().observe(job, context);
        var plan = JobPlan.of(seen);
        var status = JobStatus.of(seen, plan);
        parts.announcer().templates(seen);

        // What is planned is written first: nothing is done that the next operator would not know of.
        var written = parts.statuses().write(job, status);
        if (!written.stands()) {
            return written.again();
        }
        parts.announcer().status(job, status);
        if (status.begun() > seen.status().begun()) {
            parts.unposted().entered(uid, status.begun());
        }

        var problem = parts.executor().carryOut(seen, plan);
        var generation = job.getMetadata().getGeneration();
        // That a program is ended says nothing of whether another can be begun.
        if (plan.steps().stream().anyMatch(step -> !(step instanceof Step.Kill))) {
            parts.refusals().note(uid, generation, problem.stream().toList());
        }
        var moved = problem.isPresent() || plan.phase() != seen.status().phase() || didSomething(plan);
        return Stream.of(
                        written.again(),
                        // One that is over and that nobody has taken up is of no concern any more.
                        parts.refusals()
                                .next(uid)
                                .filter(seen.now()::isBefore)
                                .map(at -> Duration.between(seen.now(), at)),
                        parts.observer()
                                .next(seen)
                                .filter(seen.now()::isBefore)
                                .map(at -> Duration.between(seen.now(), at)),
                        plan.recheck().map(at -> Duration.between(seen.now(), at)),
                        moved ? Optional.of(Again.SOONEST) : Optional.<Duration>empty())
                .flatMap(Optional::stream)
                .min(Duration::compareTo);
    }

    /** What follows is seen by the next pass at once: of what was made a moment ago no event tells. */
    private static boolean didSomething(JobPlan plan) {
        return plan.steps().stream().anyMatch(s -> s instanceof Step.PostRunner || s instanceof Step.MakeCluster);
    }
}
