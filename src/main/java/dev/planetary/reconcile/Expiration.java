package dev.planetary.reconcile;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.Stop;
import dev.planetary.api.PlanetaryClusterStatus.StopReason;
import dev.planetary.apply.Applier;
import dev.planetary.apply.EventRecorder;
import dev.planetary.apply.StatusWriter;
import dev.planetary.dask.SchedulerClient;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.dask.SchedulerState;
import dev.planetary.desired.ClusterModel;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.plan.Expiry;
import dev.planetary.plan.Life;
import dev.planetary.plan.Life.Stage;
import dev.planetary.plan.Wanted;
import dev.planetary.status.ClusterStatus;
import dev.planetary.status.LifeTold;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * The end of a cluster's time. Nothing follows from what a cache says: the scheduler is asked anew whether it is idle, the API server
 * whether this is still the user's spec. The stop is written into the status before the first pod goes, so that whoever takes over
 * goes on with it, and nobody starts the cluster again by mistake.
 */
final class Expiration {
    private static final Duration TRY_AGAIN = Duration.ofSeconds(1);
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(1);

    private final Applier applier;
    private final StatusWriter statuses;
    private final SchedulerClient schedulers;
    private final EventRecorder events;

    Expiration(Applier applier, StatusWriter statuses, SchedulerClient schedulers, EventRecorder events) {
        this.applier = applier;
        this.statuses = statuses;
        this.schedulers = schedulers;
        this.events = events;
    }

    /** Whether something is about to follow from a scheduler's idleness, for which its last answer is not good enough. */
    static boolean wantsFreshAnswer(ClusterObservation seen) {
        var life = Life.of(seen);
        var warned = Optional.ofNullable(seen.cluster().getStatus())
                .flatMap(s -> s.condition(Condition.EXPIRES_SOON))
                .isPresent();
        return life.expiry()
                        .map(Expiry::limit)
                        .filter(StopReason.IdleTimeout::equals)
                        .isPresent()
                && (life.expired() || life.stage() == Stage.EXPIRES_SOON && !warned);
    }

    /** What the scheduler says now; empty: it does not answer, and counts as anything but idle. */
    Optional<SchedulerState> ask(Optional<SchedulerEndpoint> endpoint) {
        if (endpoint.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(schedulers.state(endpoint.get(), Optional.empty(), ANSWERS_WITHIN));
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** It was to be deleted, but jobs had to learn of its end first; now they have. */
    boolean isLeftOver(ClusterObservation seen) {
        return seen.cluster().specOrDefault().deletesOnExpiry()
                && !seen.hasWork()
                && Life.of(seen)
                        .stop()
                        .filter(s -> s.reason() != StopReason.JobEnded)
                        .isPresent()
                && applier.isCurrent(seen.cluster());
    }

    void delete(PlanetaryCluster cluster) {
        delete(cluster, "");
    }

    private void delete(PlanetaryCluster cluster, String why) {
        if (applier.deleteUnchanged(cluster)) {
            events.normal(cluster, "Deleted", "as spec.onExpiry asks" + why);
        }
    }

    /**
     * @param seen with a fresh answer
     * @return when to come again
     */
    Instant carryOut(ClusterObservation seen, ClusterModel model) {
        var cluster = seen.cluster();
        var reason = Life.of(seen).expiry().orElseThrow().limit();
        if (!applier.isCurrent(cluster)) {
            return seen.now().plus(TRY_AGAIN);
        }
        // A job asks, or learns of the end from the status: the object stays for it.
        if (cluster.specOrDefault().deletesOnExpiry() && reason != StopReason.JobEnded && !seen.hasWork()) {
            delete(cluster, ", because " + LifeTold.why(reason));
            return seen.now().plus(TRY_AGAIN);
        }
        var stop = new Stop(
                seen.now().truncatedTo(ChronoUnit.SECONDS),
                reason,
                cluster.getMetadata().getGeneration());
        var stopped = seen.stopped(stop);
        var status = ClusterStatus.of(stopped, model, Wanted.of(stopped, model.accepted()), List.of());
        // The next pass finds it in the status, as it would after a restart.
        return statuses.write(cluster, status).map(seen.now()::plus).orElse(seen.now());
    }
}
