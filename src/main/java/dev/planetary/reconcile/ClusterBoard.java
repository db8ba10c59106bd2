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
 * What passes of clusters know and passes of jobs need: what pods are made from, and what the scheduler says. Lost with the process; the
 * next one writes it anew when it looks at its clusters.
 */
final class ClusterBoard {
    private final ConcurrentMap<String, ClusterModel> models = new ConcurrentHashMap<>();
    private final Set<String> laidForRunners = ConcurrentHashMap.newKeySet();
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
     * @param laidForRunners what is to be there before a program of a job is
     */
    void note(ClusterModel model, boolean laidForRunners) {
        var uid = model.cluster().getMetadata().getUid();
        var isNew = models.put(uid, model) == null;
        var changed = laidForRunners ? this.laidForRunners.add(uid) : this.laidForRunners.remove(uid);
        if (isNew || changed) {
            tell(model);
        }
        answered(uid);
    }

    /** Whether a program may be started beside it. */
    boolean takesRunners(String clusterUid) {
        return models.containsKey(clusterUid) && laidForRunners.contains(clusterUid);
    }

    /** The scheduler said something, or says no more. Jobs want to know which process it is. */
    void answered(String clusterUid) {
        var now = state(clusterUid).map(SchedulerState::boot);
        if (!now.equals(boots.put(clusterUid, now))) {
            model(clusterUid).ifPresent(this::tell);
        }
    }

    Optional<ClusterModel> model(String clusterUid) {
        return Optional.ofNullable(models.get(clusterUid));
    }

    Optional<SchedulerState> state(String clusterUid) {
        return watch.latest(clusterUid);
    }

    void forget(String clusterUid) {
        models.remove(clusterUid);
        laidForRunners.remove(clusterUid);
        boots.remove(clusterUid);
    }

    private void tell(ClusterModel model) {
        readers.forEach(r -> r.accept(model));
    }
}
