package dev.planetary.plan;

import dev.planetary.api.PlanetaryJobStatus;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * What is remembered of a job's attempts, in its status. An attempt is entered before its pod is made, and closed in the same write that
 * says what became of it; so no pod is ever made twice for one.
 *
 * @param attempts      begun
 * @param failures      charged to retries
 * @param interruptions not their own fault
 * @param podUid        of the present attempt's pod, if it is known to have been made
 * @param boot          the scheduler's process that the present attempt began with
 * @param waitingSince  since when nothing has run
 * @param started       when the first attempt started to run
 * @param completed     when the job ended
 * @param result        what it left
 */
public record Ledger(
        int attempts,
        int failures,
        int interruptions,
        Optional<String> podUid,
        Optional<String> boot,
        Optional<Instant> waitingSince,
        Optional<Instant> started,
        Optional<Instant> completed,
        Optional<String> result) {

    public static Ledger of(PlanetaryJobStatus status) {
        return new Ledger(
                status.begun(),
                status.failed(),
                status.interrupted(),
                Optional.ofNullable(status.podUid()),
                Optional.ofNullable(status.schedulerBoot()),
                status.waiting(),
                status.started(),
                status.completed(),
                Optional.ofNullable(status.result()));
    }

    /** The wait begins, unless it has. */
    Ledger waits(Instant now) {
        return waitingSince.isPresent() ? this : closed(failures, interruptions, Optional.of(second(now)), started);
    }

    /** Another attempt. */
    Ledger begins(String scheduler) {
        return new Ledger(
                attempts + 1,
                failures,
                interruptions,
                Optional.empty(),
                Optional.of(scheduler),
                waitingSince,
                started,
                completed,
                result);
    }

    /** Its pod is there. */
    Ledger made(String uid) {
        return new Ledger(
                attempts, failures, interruptions, Optional.of(uid), boot, waitingSince, started, completed, result);
    }

    /** It runs. */
    Ledger runs(Instant at) {
        return new Ledger(
                attempts,
                failures,
                interruptions,
                podUid,
                boot,
                waitingSince,
                started.or(() -> Optional.of(at)),
                completed,
                result);
    }

    /** It failed, and counts. */
    Ledger fails(Instant now) {
        return closed(failures + 1, interruptions, Optional.of(second(now)), started);
    }

    /** It was ended by others. */
    Ledger interrupted(Instant now) {
        return closed(failures, interruptions + 1, Optional.of(second(now)), started);
    }

    /** It ended without any fault, or never was. */
    Ledger uncharged(Instant now) {
        return closed(failures, interruptions, Optional.of(second(now)), started);
    }

    /** Never made: the wait goes on. */
    Ledger voided() {
        return closed(failures, interruptions, waitingSince, started);
    }

    /** No time runs while it is suspended. */
    Ledger suspended() {
        return closed(failures, interruptions, Optional.empty(), Optional.empty());
    }

    Ledger ends(Instant now, Optional<String> left) {
        return new Ledger(
                attempts,
                failures,
                interruptions,
                podUid,
                Optional.empty(),
                Optional.empty(),
                started,
                Optional.of(second(now)),
                left);
    }

    private Ledger closed(int failed, int disrupted, Optional<Instant> waits, Optional<Instant> since) {
        return new Ledger(
                attempts, failed, disrupted, Optional.empty(), Optional.empty(), waits, since, completed, result);
    }

    /** As precisely as the status keeps it. */
    private static Instant second(Instant now) {
        return now.truncatedTo(ChronoUnit.SECONDS);
    }
}
