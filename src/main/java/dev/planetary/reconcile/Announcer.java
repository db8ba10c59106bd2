package dev.planetary.reconcile;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.apply.EventRecorder;
import dev.planetary.dask.Warning;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import dev.planetary.observe.Quoted;
import dev.planetary.plan.Locality;
import dev.planetary.status.ClusterStatus;
import dev.planetary.telemetry.Telemetry;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Events about a cluster as a whole: that it became ready, what keeps it from being so, and what its scheduler warns of. Once each. */
final class Announcer {
    private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

    private final EventRecorder events;
    private final Telemetry telemetry;
    private final ConcurrentMap<String, List<Warning>> told = new ConcurrentHashMap<>();

    private final ConcurrentMap<String, String> endangered = new ConcurrentHashMap<>();

    Announcer(EventRecorder events, Telemetry telemetry) {
        this.events = events;
        this.telemetry = telemetry;
    }

    /** Not of every step in between. */
    void status(PlanetaryCluster cluster, PlanetaryClusterStatus status) {
        life(cluster, status);
        limited(cluster, status);
        dataLocal(cluster, status);
        var ready = status.condition(Condition.READY).orElseThrow();
        var before = cluster.getStatus() == null
                ? null
                : cluster.getStatus().condition(Condition.READY).orElse(null);
        if (before != null
                && before.status() == ready.status()
                && before.reason().equals(ready.reason())) {
            return;
        }
        LOG.info("{}: {}", ready.reason(), ready.message());
        if (ready.status() == Condition.Status.True) {
            events.normal(cluster, "Ready", ready.message());
        } else if (ClusterStatus.isTrouble(status)) {
            events.warning(cluster, ready.reason(), ready.message());
        }
    }

    /** The condition is the memory of the warning: an operator that dies between event and status warns twice, never not at all. */
    private void life(PlanetaryCluster cluster, PlanetaryClusterStatus status) {
        var before = Optional.ofNullable(cluster.getStatus());
        Stream.of(Condition.EXPIRES_SOON, Condition.TLS_OFF)
                .flatMap(type -> status.condition(type).stream())
                .filter(c -> before.flatMap(b -> b.condition(c.type()))
                        .filter(b -> b.message().equals(c.message()))
                        .isEmpty())
                .forEach(c -> events.warning(cluster, c.type(), c.message()));
        if (before.flatMap(PlanetaryClusterStatus::stop).isPresent()
                && status.stop().isEmpty()
                && status.phase() != Phase.Suspended) {
            events.normal(cluster, "Started", "it was stopped before");
        }
    }

    /** Once each time it begins; numbers come and go. */
    private void limited(PlanetaryCluster cluster, PlanetaryClusterStatus status) {
        var before = Optional.ofNullable(cluster.getStatus()).flatMap(b -> b.condition(Condition.LIMITED));
        status.condition(Condition.LIMITED)
                .filter(_ -> before.isEmpty())
                .ifPresent(c -> events.warning(cluster, c.reason(), c.message()));
    }

    /** Once, until something else is said. */
    private void dataLocal(PlanetaryCluster cluster, PlanetaryClusterStatus status) {
        var before = Optional.ofNullable(cluster.getStatus()).flatMap(b -> b.condition(Condition.DATA_LOCAL));
        status.condition(Condition.DATA_LOCAL)
                .filter(c -> Locality.warns(cluster.specOrDefault().located(), c))
                .filter(c -> before.filter(b -> b.message().equals(c.message())).isEmpty())
                .ifPresent(c -> events.warning(cluster, c.reason(), c.message()));
    }

    /** A worker that cannot leave, or left with something lost. The texts come from users' pods: bounded and without secrets. */
    void warnings(ClusterObservation seen) {
        var uid = seen.cluster().getMetadata().getUid();
        seen.state().ifPresent(state -> {
            var before = told.put(uid, state.warnings());
            state.warnings().stream()
                    .filter(w -> before == null || !before.contains(w))
                    .forEach(w -> {
                        events.warning(seen.cluster(), Quoted.reason(w.reason()), Quoted.beginning(w.message()));
                        // What the first answer tells may have been counted before this operator started.
                        if (before != null) {
                            telemetry.givenUp(Quoted.reason(w.reason()));
                        }
                    });
        });
    }

    /** Once each time its node announces its end. */
    void schedulersNode(ClusterObservation seen) {
        var uid = seen.cluster().getMetadata().getUid();
        var why = seen.scheduler().flatMap(ObservedPod::leaves);
        if (why.isEmpty()) {
            endangered.remove(uid);
        } else if (!why.get().equals(endangered.put(uid, why.get()))) {
            events.warning(seen.cluster(), "SchedulerNodeEnding", ClusterStatus.schedulerEndangered(why.get()));
        }
    }

    void forget(String clusterUid) {
        endangered.remove(clusterUid);
        told.remove(clusterUid);
    }
}
