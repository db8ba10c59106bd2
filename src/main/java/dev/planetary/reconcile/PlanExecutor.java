package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.apply.Applier;
import dev.planetary.apply.EventRecorder;
import dev.planetary.apply.RecentWrites;
import dev.planetary.dask.SchedulerClient;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.dask.SchedulerUnavailable;
import dev.planetary.dask.SchedulerUnavailable.Reason;
import dev.planetary.desired.Labels;
import dev.planetary.plan.ClusterPlan;
import dev.planetary.plan.Departure;
import dev.planetary.status.Finding;
import dev.planetary.telemetry.Telemetry;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out a plan: the scheduler is told first, then pods come and go at once. */
final class PlanExecutor {
    private static final Logger LOG = LoggerFactory.getLogger(PlanExecutor.class);

    private static final int FIRST_BATCH = 16;

    private final Applier applier;
    private final SchedulerClient schedulers;
    private final RecentWrites recent;
    private final EventRecorder events;
    private final Parallel parallel;
    private final Telemetry telemetry;

    PlanExecutor(
            Applier applier,
            SchedulerClient schedulers,
            RecentWrites recent,
            EventRecorder events,
            Parallel parallel,
            Telemetry telemetry) {
        this.applier = applier;
        this.schedulers = schedulers;
        this.recent = recent;
        this.events = events;
        this.parallel = parallel;
        this.telemetry = telemetry;
    }

    /**
     * @param drain how long a group's workers may take to leave
     * @return what could not be created, and why
     */
    List<Finding> carryOut(
            PlanetaryCluster cluster,
            ClusterPlan plan,
            Optional<SchedulerEndpoint> scheduler,
            Function<String, Duration> drain) {
        scheduler.ifPresent(endpoint -> tell(cluster, plan, endpoint, drain));
        var tasks = new ArrayList<Callable<Optional<Finding>>>();
        var gone = new ConcurrentLinkedQueue<Departure>();
        plan.delete()
                .forEach(departure -> tasks.add(() -> {
                    var problem = applier.delete(cluster, departure.pod());
                    if (problem.isEmpty()) {
                        gone.add(departure);
                    }
                    return problem;
                }));
        var findings = new ArrayList<>(
                parallel.all(tasks).stream().flatMap(Optional::stream).toList());
        byReason(cluster, List.copyOf(gone));
        findings.addAll(create(cluster, plan.create()));
        return findings.stream().distinct().toList();
    }

    /** In growing batches that stop at the first refusal: a quota for ten is not asked ten thousand times. */
    private List<Finding> create(PlanetaryCluster cluster, List<Pod> pods) {
        var batch = FIRST_BATCH;
        for (int from = 0; from < pods.size(); from += batch, batch *= 2) {
            var tasks = pods.subList(from, Math.min(pods.size(), from + batch)).stream()
                    .<Callable<Optional<Finding>>>map(
                            pod -> () -> applier.create(cluster, pod).problem())
                    .toList();
            var findings =
                    parallel.all(tasks).stream().flatMap(Optional::stream).toList();
            if (!findings.isEmpty()) {
                return findings;
            }
        }
        announce(cluster, pods);
        return List.of();
    }

    /** A scheduler that does not take a word is asked again at the next event; nothing is deleted on account of it. */
    private void tell(
            PlanetaryCluster cluster, ClusterPlan plan, SchedulerEndpoint endpoint, Function<String, Duration> drain) {
        var uid = cluster.getMetadata().getUid();
        var line = new Line(cluster.getMetadata().getName());
        if (plan.ending()) {
            line.took(() -> schedulers.ending(endpoint));
        }
        plan.tell().ifPresent(o -> line.took(() -> schedulers.groups(endpoint, o.id(), o.groups())));
        var keep = plan.keep().stream().map(p -> p.uid()).toList();
        if (!keep.isEmpty() && line.took(() -> schedulers.cancelRetire(endpoint, keep))) {
            recent.kept(uid, keep);
        }
        var asked = new ArrayList<Departure>();
        plan.retire().stream()
                .collect(Collectors.groupingBy(d -> drain.apply(d.pod().group())))
                .forEach((time, departures) -> {
                    var uids = departures.stream().map(d -> d.pod().uid()).toList();
                    if (line.took(() -> schedulers.retire(endpoint, uids, time))) {
                        recent.askedToRetire(uid, uids);
                        asked.addAll(departures);
                    }
                });
        byReason(cluster, asked);
    }

    private interface Word {
        void say() throws IOException, InterruptedException;
    }

    /** A word that is refused keeps back no other; one that is not heard does, for each waits for its time. */
    private static final class Line {
        private final String cluster;
        private boolean silent;

        Line(String cluster) {
            this.cluster = cluster;
        }

        boolean took(Word word) {
            if (silent) {
                return false;
            }
            try {
                word.say();
                return true;
            } catch (IOException e) {
                silent = e instanceof SchedulerUnavailable no && no.reason() == Reason.UNREACHABLE;
                LOG.atInfo().addKeyValue("cluster", cluster).log("the scheduler was not told: {}", e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return false;
        }
    }

    private void announce(PlanetaryCluster cluster, List<Pod> created) {
        if (!created.isEmpty()) {
            var workers = created.stream()
                    .filter(p ->
                            Labels.WORKER.equals(p.getMetadata().getLabels().get(Labels.COMPONENT)))
                    .count();
            var scheduler = created.size() > workers ? "the scheduler" + (workers > 0 ? " and " : "") : "";
            events.normal(
                    cluster,
                    "Created",
                    scheduler + (workers > 0 ? workers + (workers == 1 ? " worker" : " workers") : ""));
        }
    }

    private void byReason(PlanetaryCluster cluster, List<Departure> departures) {
        departures.stream().collect(Collectors.groupingBy(Departure::reason)).forEach((reason, gone) -> {
            if (reason == Departure.Reason.Retired) {
                telemetry.retired(gone.size());
            }
            var note = gone.stream().map(Departure::message).collect(Collectors.joining("; "));
            if (reason.warning()) {
                events.warning(cluster, reason.name(), note);
            } else {
                events.normal(cluster, reason.name(), note);
            }
        });
    }
}
