package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.dask.SchedulerListener;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.SchedulerWatch;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import java.util.Set;
import java.util.function.Consumer;

/** What schedulers report, as events of their clusters; and where it is noticed that a cluster is gone. */
final class SchedulerEvents extends AbstractEventSource<SchedulerState, PlanetaryCluster>
        implements ResourceEventAware<PlanetaryCluster> {
    private final SchedulerWatch watch;
    private final ClusterBoard board;
    private final ProgressFeed progress;
    private final Consumer<String> forget;

    /** @param forget drops all that is remembered of a cluster's uid */
    SchedulerEvents(SchedulerWatch watch, ClusterBoard board, ProgressFeed progress, Consumer<String> forget) {
        super(SchedulerState.class, "schedulers");
        this.watch = watch;
        this.board = board;
        this.progress = progress;
        this.forget = forget;
    }

    void follow(PlanetaryCluster cluster, SchedulerEndpoint endpoint) {
        var id = ResourceID.fromResource(cluster);
        watch.follow(endpoint, new SchedulerListener() {
            @Override
            public void changed() {
                getEventHandler().handleEvent(new Event(id));
                board.answered(endpoint.clusterUid());
            }

            @Override
            public void progressed(Set<String> runners) {
                progress.tell(cluster.getMetadata().getNamespace(), runners);
            }
        });
    }

    @Override
    public Set<SchedulerState> getSecondaryResources(PlanetaryCluster cluster) {
        return watch.latest(cluster.getMetadata().getUid()).map(Set::of).orElse(Set.of());
    }

    /** Deleted and made again while the watch was interrupted: it looks like an update, and {@link Asked} may let nothing of it through. */
    @Override
    public void onResourceUpdated(PlanetaryCluster now, PlanetaryCluster before) {
        if (!now.getMetadata().getUid().equals(before.getMetadata().getUid())) {
            forget.accept(before.getMetadata().getUid());
            getEventHandler().handleEvent(new Event(ResourceID.fromResource(now)));
        }
    }

    @Override
    public void onResourceDeleted(PlanetaryCluster cluster) {
        forget.accept(cluster.getMetadata().getUid());
    }
}
