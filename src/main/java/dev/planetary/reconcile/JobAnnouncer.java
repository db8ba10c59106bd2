package dev.planetary.reconcile;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.apply.EventRecorder;
import dev.planetary.desired.JobObjects;
import dev.planetary.observe.JobObservation;
import dev.planetary.plan.Locality;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Events about a job: each attempt, its end, what it waits for, that its data is far, and what of it is not used. Once each. */
final class JobAnnouncer {
    private static final Logger LOG = LoggerFactory.getLogger(JobAnnouncer.class);

    private final EventRecorder events;
    /** Generations whose templates were found to have changed too late. */
    private final ConcurrentMap<String, Long> unused = new ConcurrentHashMap<>();

    JobAnnouncer(EventRecorder events) {
        this.events = events;
    }

    /** @param now written a moment ago */
    void status(PlanetaryJob job, PlanetaryJobStatus now) {
        var before = job.statusOrNothing();
        dataLocal(job, now);
        if (before.phase() == now.phase() && Objects.equals(before.reason(), now.reason())) {
            return;
        }
        LOG.info("{}: {}: {}", now.phase(), now.reason(), now.message());
        var told = now.podName() != null && now.isAttempt() ? now.podName() + ": " + now.message() : now.message();
        if (now.phase() == Phase.Failed || now.failed() > before.failed() || now.interrupted() > before.interrupted()) {
            events.warning(job, now.reason(), told);
        } else if (now.phase() != before.phase() || now.phase() == Phase.Pending) {
            events.normal(job, now.reason(), told);
        }
    }

    /** Once, until something else is said. */
    private void dataLocal(PlanetaryJob job, PlanetaryJobStatus now) {
        var before = job.statusOrNothing().condition(Condition.DATA_LOCAL);
        now.condition(Condition.DATA_LOCAL)
                .filter(c -> Locality.warns(job.getSpec().located(), c))
                .filter(c -> before.filter(b -> b.message().equals(c.message())).isEmpty())
                .ifPresent(c -> events.warning(job, c.reason(), c.message()));
    }

    /** CEL does not see what is inside a template. */
    void templates(JobObservation seen) {
        var job = seen.job();
        var generation = job.getMetadata().getGeneration();
        var other = seen.status().isAttempt()
                && !generation.equals(seen.status().observedGeneration())
                && seen.runner()
                        .filter(r -> !r.templates().equals(JobObjects.templates(job.getSpec())))
                        .isPresent();
        if (other && !generation.equals(unused.put(job.getMetadata().getUid(), generation))) {
            events.warning(
                    job,
                    "TemplateNotUsed",
                    "the job has started: a changed template is used by another job, under a new name, or after suspend");
        }
    }

    void forget(String jobUid) {
        unused.remove(jobUid);
    }
}
