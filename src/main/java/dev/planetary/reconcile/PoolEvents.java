package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.PlanetaryNodePoolSpec.Mode;
import dev.planetary.azure.Fleet;
import dev.planetary.azure.FleetWatch;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** What Azure shows that is new, as an event of every node pool: each may have waited for any other. */
final class PoolEvents extends AbstractEventSource<Fleet, PlanetaryNodePool>
        implements ResourceEventAware<PlanetaryNodePool> {
    private final FleetWatch fleets;
    private final Consumer<String> forget;
    private IndexerResourceCache<PlanetaryNodePool> pools;

    /** @param forget drops all that is remembered of a node pool's uid */
    PoolEvents(FleetWatch fleets, Consumer<String> forget) {
        super(Fleet.class, "azure");
        this.fleets = fleets;
        this.forget = forget;
    }

    PoolEvents of(EventSourceContext<PlanetaryNodePool> context) {
        pools = context.getPrimaryCache();
        return this;
    }

    @Override
    public void start() {
        super.start();
        fleets.start(() -> pools.list().anyMatch(pool -> pool.getSpec().mode() == Mode.AgentPool), this::tell);
    }

    @Override
    public void stop() {
        fleets.close();
        super.stop();
    }

    private void tell(Predicate<String> whom) {
        if (isRunning()) {
            pools.list()
                    .filter(pool -> whom.test(pool.getMetadata().getUid()))
                    .map(ResourceID::fromResource)
                    .map(Event::new)
                    .forEach(getEventHandler()::handleEvent);
        }
    }

    @Override
    public Set<Fleet> getSecondaryResources(PlanetaryNodePool pool) {
        return fleets.latest().map(Set::of).orElse(Set.of());
    }

    /** Deleted and made again while the watch was interrupted: it looks like an update, which the SDK would drop by its generation. */
    @Override
    public void onResourceUpdated(PlanetaryNodePool now, PlanetaryNodePool before) {
        if (!now.getMetadata().getUid().equals(before.getMetadata().getUid())) {
            forget.accept(before.getMetadata().getUid());
            getEventHandler().handleEvent(new Event(ResourceID.fromResource(now)));
        }
    }

    @Override
    public void onResourceCreated(PlanetaryNodePool pool) {
        fleets.wake();
    }

    @Override
    public void onResourceDeleted(PlanetaryNodePool pool) {
        forget.accept(pool.getMetadata().getUid());
    }
}
