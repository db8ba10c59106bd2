package dev.planetary.reconcile;

import dev.planetary.dask.GroupOffer;
import dev.planetary.dask.JobProgress;
import dev.planetary.dask.JobsProgress;
import dev.planetary.dask.SchedulerClient;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.SchedulerUnavailable;
import dev.planetary.dask.WorkerState;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Schedulers that know what a test tells them, each found by the uid of its pod; long-polls are held as the real ones hold them. */
final class PretendSchedulers implements SchedulerClient {
    private final ConcurrentMap<String, Scheduler> byPod = new ConcurrentHashMap<>();

    private volatile Consumer<Collection<String>> onRetire = _ -> {};

    /** Who lets workers go that are asked to retire; nobody, unless a test says so. */
    void onRetire(Consumer<Collection<String>> who) {
        onRetire = who;
    }

    /** The scheduler in a pod; it answers, with no workers, from the start. */
    Scheduler in(Pod pod) {
        return in(pod.getMetadata().getUid());
    }

    Scheduler in(String uid) {
        return byPod.computeIfAbsent(uid, _ -> new Scheduler());
    }

    @Override
    public SchedulerState state(SchedulerEndpoint endpoint, Optional<SchedulerState> last, Duration wait)
            throws SchedulerUnavailable, InterruptedException {
        return in(endpoint.podUid()).state(last, wait);
    }

    @Override
    public void retire(SchedulerEndpoint endpoint, Collection<String> uids, Duration timeout)
            throws SchedulerUnavailable {
        in(endpoint.podUid()).retire(uids);
        onRetire.accept(uids);
    }

    @Override
    public void cancelRetire(SchedulerEndpoint endpoint, Collection<String> uids) throws SchedulerUnavailable {
        in(endpoint.podUid()).cancelRetire(uids);
    }

    @Override
    public void groups(SchedulerEndpoint endpoint, String id, Map<String, GroupOffer> groups)
            throws SchedulerUnavailable {
        in(endpoint.podUid()).groups(id);
    }

    @Override
    public void ending(SchedulerEndpoint endpoint) throws SchedulerUnavailable {
        in(endpoint.podUid()).ending();
    }

    /** One scheduler process. */
    static final class Scheduler {
        /** uids that it was asked to retire, and to keep after all, in order of the requests. */
        final List<Set<String>> retireRequests = new CopyOnWriteArrayList<>();

        final List<Set<String>> cancelRequests = new CopyOnWriteArrayList<>();
        private final String boot = UUID.randomUUID().toString();
        private final Map<String, WorkerState> workers = new LinkedHashMap<>();
        private final Set<String> retired = new HashSet<>();
        private long version = 1;
        private boolean silent;
        private boolean ending;
        private String groups = "";
        private Map<String, Integer> targets = Map.of();
        private Optional<Instant> idleSince = Optional.empty();
        private JobsProgress jobs = JobsProgress.NONE;

        synchronized Scheduler register(Collection<Pod> pods) {
            pods.forEach(p -> workers.put(
                    p.getMetadata().getUid(),
                    new WorkerState(
                            p.getMetadata().getUid(),
                            p.getMetadata().getName(),
                            "default",
                            "tls://10.0.0.1:1",
                            "running",
                            0,
                            0,
                            0,
                            0,
                            false)));
            return changed();
        }

        /** Its process is gone, or its node: nothing was retired. */
        synchronized Scheduler loses(Pod pod) {
            workers.remove(pod.getMetadata().getUid());
            return changed();
        }

        synchronized Scheduler loaded(Pod pod, long bytes, int executing) {
            return change(
                    pod.getMetadata().getUid(),
                    w -> new WorkerState(
                            w.uid(),
                            w.name(),
                            w.group(),
                            w.address(),
                            w.status(),
                            bytes,
                            bytes > 0 ? 1 : 0,
                            executing,
                            executing,
                            w.retiring()));
        }

        /** Retirement is over: results are moved, the worker is closed. */
        synchronized Scheduler closes(Pod pod) {
            workers.remove(pod.getMetadata().getUid());
            retired.add(pod.getMetadata().getUid());
            return changed();
        }

        synchronized Scheduler silent(boolean now) {
            silent = now;
            return changed();
        }

        /** Without a word to who waits: as a process does that hangs. */
        synchronized void quietlySilent(boolean now) {
            silent = now;
        }

        /** How many workers it has use for, by group. */
        synchronized Scheduler wants(Map<String, Integer> workers) {
            targets = workers;
            return changed();
        }

        /** Tasks of the job whose runner is this pod; no new version of the state. */
        synchronized Scheduler progress(Pod runner, long done, long total) {
            var numbers = new HashMap<>(jobs.byRunner());
            numbers.put(runner.getMetadata().getName(), new JobProgress(done, total));
            jobs = new JobsProgress(jobs.version() + 1, numbers);
            notifyAll();
            return this;
        }

        synchronized boolean knowsGroups() {
            return !groups.isEmpty();
        }

        private synchronized void groups(String id) throws SchedulerUnavailable {
            answers();
            groups = id;
            changed();
        }

        synchronized Scheduler idleSince(Instant since) {
            idleSince = Optional.of(since);
            return changed();
        }

        /** Without a word to who waits: as a client's message does. */
        synchronized void quietlyUsedAt(Instant at) {
            idleSince = Optional.of(at);
        }

        synchronized Scheduler busy() {
            idleSince = Optional.empty();
            return changed();
        }

        synchronized boolean toldOfTheEnd() {
            return ending;
        }

        private synchronized SchedulerState state(Optional<SchedulerState> last, Duration hold)
                throws SchedulerUnavailable, InterruptedException {
            var until = System.nanoTime() + hold.toNanos();
            while (!silent
                    && last.filter(l -> l.boot().equals(boot)
                                    && l.version() == version
                                    && l.jobs().version() == jobs.version())
                            .isPresent()
                    && System.nanoTime() < until) {
                wait(Math.max(1, (until - System.nanoTime()) / 1_000_000));
            }
            answers();
            return new SchedulerState(
                    boot,
                    version,
                    ending,
                    idleSince,
                    groups,
                    targets,
                    List.copyOf(workers.values()),
                    retired,
                    List.of(),
                    jobs);
        }

        private synchronized void retire(Collection<String> uids) throws SchedulerUnavailable {
            answers();
            retireRequests.add(Set.copyOf(uids));
            uids.forEach(uid -> change(uid, w -> retiring(w, true)));
        }

        private synchronized void cancelRetire(Collection<String> uids) throws SchedulerUnavailable {
            answers();
            cancelRequests.add(Set.copyOf(uids));
            uids.forEach(uid -> change(uid, w -> retiring(w, false)));
        }

        private synchronized void ending() throws SchedulerUnavailable {
            answers();
            ending = true;
            changed();
        }

        private void answers() throws SchedulerUnavailable {
            if (silent) {
                throw new SchedulerUnavailable(SchedulerUnavailable.Reason.UNREACHABLE, "made silent");
            }
        }

        private Scheduler change(String uid, UnaryOperator<WorkerState> how) {
            workers.computeIfPresent(uid, (_, w) -> how.apply(w));
            return changed();
        }

        private Scheduler changed() {
            version++;
            notifyAll();
            return this;
        }

        private static WorkerState retiring(WorkerState w, boolean now) {
            return new WorkerState(
                    w.uid(),
                    w.name(),
                    w.group(),
                    w.address(),
                    w.status(),
                    w.memory(),
                    w.results(),
                    w.executing(),
                    w.processing(),
                    now);
        }
    }
}
