package dev.planetary.plan;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterSpec;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Stop;
import dev.planetary.api.PlanetaryClusterStatus.StopReason;
import dev.planetary.api.WorkersSpec;
import dev.planetary.dask.JobsProgress;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.WorkerState;
import dev.planetary.desired.AcceptedSpec;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** A small Kubernetes with a small Dask in it, in which everything that can happen to pods happens at random. */
final class World {
    private static final int MOST_WORKERS = 6;
    private static final long GENERATION = 1;

    /** A pod, and the Dask process in it. */
    private static final class SimPod {
        final Pod pod;
        final String uid;
        final boolean scheduler;
        String phase = "Pending";
        boolean deleting;
        boolean registered;
        boolean retiring;
        boolean retired;
        boolean nodeEnds;
        long memory;
        int executing;

        SimPod(Pod made, int number, Instant now) {
            uid = "u" + number;
            // Its spec is left out: nobody decides by it, and thousands are copied.
            pod = new PodBuilder()
                    .withNewMetadataLike(made.getMetadata())
                    .withUid(uid)
                    .withCreationTimestamp(now.toString())
                    .endMetadata()
                    .build();
            scheduler = Labels.SCHEDULER.equals(made.getMetadata().getLabels().get(Labels.COMPONENT));
        }

        boolean running() {
            return phase.equals("Running");
        }

        boolean live() {
            return !deleting && (running() || phase.equals("Pending"));
        }
    }

    private final Random random;
    private final List<SimPod> pods = new ArrayList<>();
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private int made;
    private int replicas = 2;
    private int threads = 1;
    private boolean suspend;
    private Optional<Stop> stop = Optional.empty();
    private boolean answers = true;
    private Instant silentSince = now;
    private AcceptedSpec accepted;

    World(long seed) {
        random = new Random(seed);
    }

    ClusterModel model() {
        var cluster = cluster();
        var spec = cluster.specOrDefault();
        accepted = accepted == null
                ? AcceptedSpec.first(spec, "client:1")
                : accepted.covers(spec) ? accepted : accepted.next(spec, "client:1");
        return new ClusterModel(cluster, accepted, "p1", false);
    }

    ClusterObservation observe() {
        var state = answers && scheduler().isPresent() ? Optional.of(state()) : Optional.<SchedulerState>empty();
        var observed = pods.stream()
                .map(p -> new ObservedPod(
                        new PodBuilder(p.pod)
                                .withNewStatus()
                                .withPhase(p.phase)
                                .addNewCondition()
                                .withType("Ready")
                                .withStatus(p.running() ? "True" : "False")
                                .endCondition()
                                .endStatus()
                                .build(),
                        p.deleting,
                        state.map(s -> s.byPod().get(p.uid)),
                        false,
                        state.filter(s -> s.retired().contains(p.uid)).isPresent(),
                        p.nodeEnds ? Optional.of("node n is cordoned") : Optional.empty()))
                .toList();
        return new ClusterObservation(
                cluster(),
                Optional.ofNullable(accepted).stream().toList(),
                observed,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                state,
                state.isPresent() ? Optional.empty() : Optional.of(silentSince),
                Map.of(),
                now);
    }

    int wanted() {
        return suspend || stop.isPresent() ? 0 : replicas;
    }

    /** Kubernetes and Dask do as they are told; a name that is taken is a failure of the test. */
    void carryOut(ClusterPlan plan) {
        Set<String> names = new HashSet<>();
        pods.forEach(p -> names.add(p.pod.getMetadata().getName()));
        for (var pod : plan.create()) {
            if (!names.add(pod.getMetadata().getName())) {
                throw new AssertionError(
                        "the name is taken: " + pod.getMetadata().getName());
            }
            pods.add(new SimPod(pod, made++, now));
        }
        plan.delete().forEach(d -> pod(d.pod().uid()).deleting = true);
        plan.retire().forEach(d -> pod(d.pod().uid()).retiring = true);
        plan.keep().forEach(p -> pod(p.uid()).retiring = false);
    }

    /** One thing of all that can happen. */
    void something() {
        now = now.plusSeconds(1);
        switch (random.nextInt(18)) {
            case 0 -> replicas = random.nextInt(MOST_WORKERS + 1);
            case 1 -> threads = 1 + random.nextInt(3);
            case 2 -> {
                answers = !answers;
                silentSince = now;
            }
            case 3 -> suspend = random.nextInt(4) == 0;
            case 4 -> any().ifPresent(p -> p.deleting = true);
            case 5 -> any().ifPresent(p -> end(p, "Failed"));
            case 6 -> any().ifPresent(p -> end(p, "Succeeded"));
            case 7 -> any().ifPresent(this::vanish);
            case 8, 9 ->
                any().filter(p -> p.registered && !p.retiring).ifPresent(p -> {
                    p.memory = random.nextInt(3) * 100L;
                    p.executing = random.nextInt(2);
                });
            case 10 -> stop = Optional.of(new Stop(now, StopReason.IdleTimeout, GENERATION));
            case 11 -> stop = Optional.empty();
            case 12 -> any().ifPresent(p -> p.nodeEnds = !p.nodeEnds);
            default -> any().ifPresent(this::progress);
        }
    }

    /** Whatever is under way goes on, and nothing else happens. */
    void calm() {
        suspend = false;
        stop = Optional.empty();
        answers = true;
        now = now.plusSeconds(1);
        List.copyOf(pods).forEach(this::progress);
    }

    List<String> hashesOfWorkers() {
        return pods.stream()
                .filter(p -> !p.scheduler)
                .map(p -> p.pod.getMetadata().getAnnotations().get(Labels.SPEC_HASH))
                .toList();
    }

    long registered() {
        return pods.stream()
                .filter(p -> p.registered && p.live() && !p.retiring)
                .count();
    }

    /** What comes next for a pod if nothing goes wrong. */
    private void progress(SimPod p) {
        if (p.deleting) {
            vanish(p);
        } else if (p.phase.equals("Pending")) {
            p.phase = "Running";
        } else if (p.running() && !p.scheduler && scheduler().isEmpty() && p.registered) {
            end(p, "Succeeded"); // a worker ends when its scheduler is gone
        } else if (p.running() && !p.scheduler && !p.registered && scheduler().isPresent()) {
            p.registered = true;
        } else if (p.retiring && p.registered) {
            retire(p);
        }
    }

    /** Results go to another worker; where there is none, it stays. */
    private void retire(SimPod p) {
        p.executing = 0;
        var recipient = pods.stream()
                .filter(o -> o != p && o.registered && o.live() && !o.retiring)
                .findFirst();
        if (p.memory > 0 && recipient.isEmpty()) {
            return;
        }
        recipient.ifPresent(r -> r.memory += p.memory);
        p.retired = true;
        end(p, "Succeeded");
    }

    private void end(SimPod p, String phase) {
        p.phase = phase;
        p.registered = false;
        p.memory = 0;
        if (p.scheduler) {
            forgetWorkers();
        }
    }

    private void vanish(SimPod p) {
        pods.remove(p);
        if (p.scheduler) {
            forgetWorkers();
        }
    }

    private void forgetWorkers() {
        pods.forEach(p -> {
            if (p.registered) {
                end(p, "Succeeded");
            }
            p.retiring = false;
            p.retired = false;
        });
    }

    private SchedulerState state() {
        return new SchedulerState(
                "b",
                1,
                false,
                Optional.empty(),
                "",
                Map.of(),
                pods.stream()
                        .filter(p -> p.registered && p.running())
                        .map(p -> new WorkerState(
                                p.uid,
                                p.uid,
                                "default",
                                "tls://" + p.uid,
                                p.retiring ? "closing_gracefully" : "running",
                                p.memory,
                                p.memory > 0 ? 1 : 0,
                                p.executing,
                                p.executing,
                                p.retiring))
                        .toList(),
                Set.copyOf(pods.stream().filter(p -> p.retired).map(p -> p.uid).toList()),
                List.of(),
                JobsProgress.NONE);
    }

    private Optional<SimPod> scheduler() {
        return pods.stream()
                .filter(p -> p.scheduler && p.running() && !p.deleting)
                .findFirst();
    }

    private Optional<SimPod> any() {
        return pods.isEmpty() ? Optional.empty() : Optional.of(pods.get(random.nextInt(pods.size())));
    }

    private SimPod pod(String uid) {
        return pods.stream().filter(p -> p.uid.equals(uid)).findFirst().orElseThrow();
    }

    private PlanetaryCluster cluster() {
        var cluster = new PlanetaryCluster();
        cluster.setMetadata(new ObjectMetaBuilder()
                .withName("ndvi")
                .withNamespace("n")
                .withUid("c1")
                .withGeneration(GENERATION)
                .build());
        cluster.setSpec(new PlanetaryClusterSpec(
                null,
                null,
                null,
                null,
                null,
                null,
                suspend,
                null,
                null,
                null,
                null,
                new WorkersSpec(
                        null, replicas, null, null, threads, null, null, null, null, null, null, null, null, null),
                null,
                null,
                null,
                null));
        cluster.setStatus(new PlanetaryClusterStatus(null, null, null, null, null, null)
                .withTimes(Optional.empty(), Optional.empty(), Optional.empty(), stop));
        return cluster;
    }
}
