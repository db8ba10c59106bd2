package dev.planetary.status;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.api.PlanetaryJobStatus.Progress;
import dev.planetary.desired.JobNames;
import dev.planetary.observe.JobObservation;
import dev.planetary.observe.Quoted;
import dev.planetary.plan.JobLocality;
import dev.planetary.plan.JobPlan;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** From what was seen and planned to the status of a PlanetaryJob. */
public final class JobStatus {
    private JobStatus() {}

    public static PlanetaryJobStatus of(JobObservation seen, JobPlan plan) {
        var before = seen.status();
        if (before.isFinal() && before.phase() == plan.phase()) {
            // Said once and for all; only that a later change of the spec was seen may be added.
            return generation(seen).equals(before.observedGeneration()) ? before : again(seen, before);
        }
        var ledger = plan.ledger();
        var names = JobNames.of(seen.job());
        var reason = Quoted.reason(plan.reason());
        var message = Quoted.beginning(plan.message());
        return new PlanetaryJobStatus(
                generation(seen),
                plan.phase(),
                reason,
                message,
                ledger.attempts(),
                ledger.failures(),
                ledger.interruptions(),
                seen.clusterName(),
                ledger.attempts() == 0 ? null : names.runner(ledger.attempts() - 1),
                ledger.podUid().orElse(null),
                ledger.boot().orElse(null),
                text(ledger.waitingSince()),
                text(ledger.started()),
                text(ledger.completed()),
                duration(ledger.started(), ledger.completed()),
                progress(seen, plan),
                ledger.result().orElse(null),
                conditions(seen.job(), plan.phase(), reason, message, dataLocal(seen), seen.now()));
    }

    /** A pass that failed: what was known stays, and it is said that it is tried again. */
    public static PlanetaryJobStatus error(PlanetaryJob job, RuntimeException e, Instant now) {
        var before = job.statusOrNothing();
        if (before.isFinal()) {
            return before;
        }
        var phase = before.phase() == null ? Phase.Pending : before.phase();
        var message = Quoted.beginning("the operator failed and tries again: " + e.getMessage());
        return new PlanetaryJobStatus(
                job.getMetadata().getGeneration(),
                phase,
                // What is remembered by its reason must not be forgotten.
                before.reason() == null ? Condition.OPERATOR_ERROR : before.reason(),
                message,
                before.attempts(),
                before.failures(),
                before.interruptions(),
                JobNames.cluster(job),
                before.podName(),
                before.podUid(),
                before.schedulerBoot(),
                before.waitingSince(),
                before.startTime(),
                before.completionTime(),
                before.duration(),
                before.progress(),
                before.result(),
                Stream.concat(
                                Stream.of(
                                        condition(
                                                before,
                                                job,
                                                Condition.READY,
                                                Status.False,
                                                Condition.OPERATOR_ERROR,
                                                message,
                                                now),
                                        condition(
                                                before,
                                                job,
                                                Condition.RECONCILING,
                                                Status.True,
                                                Condition.OPERATOR_ERROR,
                                                message,
                                                now)),
                                before.condition(Condition.DATA_LOCAL).stream())
                        .toList());
    }

    /** Whether nobody but a progress bar would miss the difference. */
    public static boolean onlyProgressDiffers(PlanetaryJobStatus before, PlanetaryJobStatus after) {
        return before != null && withoutProgress(before).equals(withoutProgress(after)) && before.progress() != null;
    }

    private static PlanetaryJobStatus again(JobObservation seen, PlanetaryJobStatus s) {
        var conditions = conditions(
                seen.job(), s.phase(), s.reason(), s.message(), s.condition(Condition.DATA_LOCAL), seen.now());
        return with(s, generation(seen), s.progress(), conditions);
    }

    private static PlanetaryJobStatus withoutProgress(PlanetaryJobStatus s) {
        return with(s, s.observedGeneration(), null, s.conditions());
    }

    private static PlanetaryJobStatus with(
            PlanetaryJobStatus s, Long generation, Progress progress, List<Condition> conditions) {
        return new PlanetaryJobStatus(
                generation,
                s.phase(),
                s.reason(),
                s.message(),
                s.attempts(),
                s.failures(),
                s.interruptions(),
                s.clusterName(),
                s.podName(),
                s.podUid(),
                s.schedulerBoot(),
                s.waitingSince(),
                s.startTime(),
                s.completionTime(),
                s.duration(),
                progress,
                s.result(),
                conditions);
    }

    /** Of the present attempt; the last one's stays at the end. */
    private static Progress progress(JobObservation seen, JobPlan plan) {
        var same = plan.ledger().attempts() == seen.status().begun();
        return seen.progress()
                .filter(_ -> same && seen.status().isAttempt())
                .map(p -> Progress.of(p.done(), p.total()))
                .orElse(same ? seen.status().progress() : null);
    }

    private static Optional<Condition> dataLocal(JobObservation seen) {
        return JobLocality.of(seen)
                .map(n -> condition(
                        seen.status(),
                        seen.job(),
                        Condition.DATA_LOCAL,
                        n.local(),
                        Quoted.reason(n.reason()),
                        Quoted.beginning(n.message()),
                        seen.now()));
    }

    private static List<Condition> conditions(
            PlanetaryJob job, Phase phase, String reason, String message, Optional<Condition> dataLocal, Instant now) {
        var before = job.statusOrNothing();
        var all = new ArrayList<Condition>();
        var ready = phase == Phase.Succeeded || phase == Phase.Suspended;
        all.add(condition(before, job, Condition.READY, ready ? Status.True : Status.False, reason, message, now));
        switch (phase) {
            case Succeeded -> all.add(condition(before, job, Condition.COMPLETE, Status.True, reason, message, now));
            case Failed -> {
                all.add(condition(before, job, Condition.FAILED, Status.True, reason, message, now));
                all.add(condition(before, job, Condition.STALLED, Status.True, reason, message, now));
            }
            case Suspended -> {}
            case Pending, Starting, Running ->
                all.add(condition(before, job, Condition.RECONCILING, Status.True, reason, message, now));
        }
        dataLocal.ifPresent(all::add);
        return all;
    }

    private static Condition condition(
            PlanetaryJobStatus before,
            PlanetaryJob job,
            String type,
            Status status,
            String reason,
            String message,
            Instant now) {
        return Conditions.condition(
                before.condition(type), type, status, job.getMetadata().getGeneration(), reason, message, now);
    }

    private static String duration(Optional<Instant> from, Optional<Instant> to) {
        return from.flatMap(f -> to.map(t -> Duration.between(f, t)))
                .map(d -> (d.toHours() > 0 ? d.toHours() + "h" : "")
                        + (d.toMinutes() > 0 ? d.toMinutesPart() + "m" : "")
                        + Math.max(0, d.toSecondsPart()) + "s")
                .orElse(null);
    }

    private static Long generation(JobObservation seen) {
        return seen.job().getMetadata().getGeneration();
    }

    private static String text(Optional<Instant> time) {
        return time.map(t -> t.truncatedTo(ChronoUnit.SECONDS).toString()).orElse(null);
    }
}
