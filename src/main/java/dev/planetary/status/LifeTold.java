package dev.planetary.status;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Stop;
import dev.planetary.api.PlanetaryClusterStatus.StopReason;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.WorkerState;
import dev.planetary.plan.Expiry;
import dev.planetary.plan.Life.Stage;
import dev.planetary.status.Verdict.Facts;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** The end of a cluster's time in words: what is about to be lost and how to keep it, and how to have the cluster back. */
public final class LifeTold {
    private LifeTold() {}

    /** @return what condition and event say before results are discarded */
    static Optional<Verdict> expiresSoon(Facts facts, Optional<PlanetaryClusterStatus> before) {
        var life = facts.life();
        if (life.stage() != Stage.EXPIRES_SOON && life.stage() != Stage.EXPIRED) {
            return Optional.empty();
        }
        var end = life.expiry().orElseThrow();
        if (end.limit() == StopReason.JobEnded) {
            return Optional.empty();
        }
        var at = end.at().truncatedTo(ChronoUnit.SECONDS);
        // Said once: what is held changes all the time.
        var said = before.filter(b -> b.expires().filter(at::equals).isPresent())
                .flatMap(b -> b.condition(Condition.EXPIRES_SOON))
                .filter(c -> c.reason().equals(end.limit().name()))
                .map(Condition::message);
        return Optional.of(new Verdict(true, end.limit().name(), said.orElseGet(() -> warning(facts, end))));
    }

    private static String warning(Facts facts, Expiry end) {
        var spec = facts.seen().cluster().specOrDefault();
        return "%s at %s, and %s discarded: %s"
                .formatted(
                        spec.deletesOnExpiry() ? "deleted" : "stopped",
                        end.at().truncatedTo(ChronoUnit.SECONDS),
                        facts.seen().state().map(LifeTold::held).orElse("results that workers hold are"),
                        end.limit() == StopReason.IdleTimeout
                                ? "nobody uses it; compute something, or write a longer spec.idleTimeout, to keep it"
                                : "spec.maxLifetime is nearly over; save results now, or write a longer one, to keep it");
    }

    /** Binary units, as for memory everywhere in Kubernetes. */
    private static String held(SchedulerState state) {
        var bytes = state.workers().stream().mapToLong(WorkerState::memory).sum();
        return bytes < 1 << 20
                ? "%d bytes of results are".formatted(bytes)
                : "%d bytes (%d Mi) of results are".formatted(bytes, bytes >> 20);
    }

    static String stopped(PlanetaryCluster cluster, Stop stop) {
        return "stopped at %s, because %s; to start it: kubectl -n %s annotate plc %s --overwrite %s=$(date -u +%%FT%%TZ)"
                .formatted(
                        stop.at(),
                        why(stop.reason()),
                        cluster.getMetadata().getNamespace(),
                        cluster.getMetadata().getName(),
                        PlanetaryCluster.START);
    }

    /** @return the limit that was reached */
    public static String why(StopReason reason) {
        return switch (reason) {
            case IdleTimeout -> "nobody used it for " + reason.field();
            case MaxLifetime -> reason.field() + " was over";
            case JobEnded -> "the job that it was made for has ended";
        };
    }
}
