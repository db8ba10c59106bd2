package dev.planetary.e2e;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Every status that a cluster was given while this was open: also what lasted for a moment only. */
final class Told implements Watcher<PlanetaryCluster>, AutoCloseable {
    private final List<PlanetaryClusterStatus> statuses = new CopyOnWriteArrayList<>();
    private final Watch watch;

    Told(Resource<PlanetaryCluster> cluster) {
        watch = cluster.watch(this);
    }

    @Override
    public void eventReceived(Action action, PlanetaryCluster cluster) {
        if (cluster.getStatus() != null) {
            statuses.add(cluster.getStatus());
        }
    }

    @Override
    public void onClose(WatcherException cause) {
        // A watch that ended early shows as a status that is missed.
    }

    List<PlanetaryClusterStatus> statuses() {
        return statuses;
    }

    @Override
    public void close() {
        watch.close();
    }
}
