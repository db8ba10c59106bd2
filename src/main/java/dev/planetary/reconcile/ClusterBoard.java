package dev.planetary.reconcile;

import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.SchedulerWatch;
import dev.planetary.desired.ClusterModel;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * What passes of clusters know and passes of jobs need: what pods are made from, where they are, and what the scheduler says. Lost with
 * the process; the next one writes it anew when it looks at its clusters.
 */
final class ClusterBoard {
    /** @param regions of the nodes of its pods */
    private record Known(ClusterModel model, Set<String> regions) {}

    private final ConcurrentMap<String, Known> clusters = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Optional<String>> boots = new ConcurrentHashMap<>();
    private final List<Consumer<ClusterModel>> readers = new CopyOnWriteArrayList<>();
    private final SchedulerWatch watch;

    ClusterBoard(SchedulerWatch watch) {
        this.watch = watch;
    }

    /** @param reader told when there is something new about a cluster */
    void read(Consumer<ClusterModel> reader) {
        readers.add(reader);
    }

    /**
     * A pass has looked at the cluster.
     *
     * @param regions of the nodes of its pods
     */
    void note(ClusterModel model, Set<String> regions) {
        var uid = model.cluster().getMetadata().getUid();
        var before = clusters.put(uid, new Known(model, regions));
        if (before == null || !before.regions.equals(regions)) {
            tell(model);
        }
        answered(uid);
    }

    /** The scheduler said something, or says no more. Jobs want to know which process it is. */
    void answered(String clusterUid) {
        var now = state(clusterUid).map(SchedulerState::boot);
        if (!now.equals(boots.put(clusterUid, now))) {
            model(clusterUid).ifPresent(this::tell);
        }
    }

    Optional<ClusterModel> model(String clusterUid) {
        return Optional.ofNullable(clusters.get(clusterUid)).map(Known::model);
    }

    /** In which regions its pods are; empty: nobody has looked yet. */
    Optional<Set<String>> regions(String clusterUid) {
        return Optional.ofNullable(clusters.get(clusterUid)).map(Known::regions);
    }

    Optional<SchedulerState> state(String clusterUid) {
        return watch.latest(clusterUid);
    }

    void forget(String clusterUid) {
        clusters.remove(clusterUid);
        boots.remove(clusterUid);
    }

    private void tell(ClusterModel model) {
        readers.forEach(r -> r.accept(model));
    }
}
