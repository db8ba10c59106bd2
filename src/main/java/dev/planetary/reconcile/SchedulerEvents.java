package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.apply.RecentWrites;
import dev.planetary.apply.StatusWriter;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.SchedulerWatch;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import java.util.Set;
import java.util.function.Consumer;

/** What schedulers report, as events of their clusters; and the place where a deleted cluster is forgotten. */
final class SchedulerEvents extends AbstractEventSource<SchedulerState, PlanetaryCluster> implements ResourceEventAware<PlanetaryCluster> {
    private final SchedulerWatch watch;
    private final Consumer<String> forget;

    SchedulerEvents(SchedulerWatch watch, RecentWrites recent, StatusWriter statuses, Identities identities, Attempts attempts,
            Acceptance acceptance) {
        super(SchedulerState.class, "schedulers");
        this.watch = watch;
        this.forget = uid -> {
            watch.forget(uid);
            recent.forget(uid);
            statuses.forget(uid);
            identities.forget(uid);
            attempts.forget(uid);
            acceptance.forget(uid);
        };
    }

    void follow(PlanetaryCluster cluster, SchedulerEndpoint endpoint) {
        var id = ResourceID.fromResource(cluster);
        watch.follow(endpoint, () -> getEventHandler().handleEvent(new Event(id)));
    }

    @Override
    public Set<SchedulerState> getSecondaryResources(PlanetaryCluster cluster) {
        return watch.latest(cluster.getMetadata().getUid()).map(Set::of).orElse(Set.of());
    }

    @Override
    public void onResourceDeleted(PlanetaryCluster cluster) {
        forget.accept(cluster.getMetadata().getUid());
    }
}
