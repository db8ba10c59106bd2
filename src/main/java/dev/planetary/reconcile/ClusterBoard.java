package dev.planetary.reconcile;

import dev.planetary.dask.JobProgress;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.SchedulerWatch;
import dev.planetary.desired.ClusterModel;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * What passes of clusters know and passes of jobs need: what pods are made from, and what the scheduler says. Lost with the process; the
 * next one writes it anew when it looks at its clusters.
 */
final class ClusterBoard {
    /** What jobs look at in a scheduler's answer. */
    private record Said(String boot, Map<String, JobProgress> jobs) {}

    private final ConcurrentMap<String, ClusterModel> models = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Optional<Said>> said = new ConcurrentHashMap<>();
    private final List<Consumer<ClusterModel>> readers = new CopyOnWriteArrayList<>();
    private final SchedulerWatch watch;

    ClusterBoard(SchedulerWatch watch) {
        this.watch = watch;
    }

    /** @param reader told when there is something new about a cluster */
    void read(Consumer<ClusterModel> reader) {
        readers.add(reader);
    }

    /** A pass has looked at the cluster. */
    void note(ClusterModel model) {
        var uid = model.cluster().getMetadata().getUid();
        var before = models.put(uid, model);
        if (before == null) {
            tell(model);
        }
        answered(uid);
    }

    /** The scheduler said something, or says no more. */
    void answered(String clusterUid) {
        var now = state(clusterUid).map(s -> new Said(s.boot(), s.jobs()));
        if (!Objects.equals(said.put(clusterUid, now), now)) {
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
        said.remove(clusterUid);
    }

    private void tell(ClusterModel model) {
        readers.forEach(r -> r.accept(model));
    }
}
