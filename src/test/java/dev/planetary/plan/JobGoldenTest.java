package dev.planetary.plan;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.dask.JobProgress;
import dev.planetary.dask.JobsProgress;
import dev.planetary.dask.SchedulerState;
import dev.planetary.desired.AcceptedSpec;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.JobObjects;
import dev.planetary.desired.RunnerPod;
import dev.planetary.desired.RunnersNetworkPolicy;
import dev.planetary.observe.Folder;
import dev.planetary.observe.JobObservation;
import dev.planetary.observe.ObservedRunner;
import dev.planetary.plan.JobPlan.Step;
import dev.planetary.status.Finding;
import dev.planetary.status.JobStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * Every folder of {@code src/test/resources/golden-jobs} is a job as it is found at {@link Folder#NOW} and what the operator makes of it.
 * <ul>
 * <li>{@code in-PlanetaryJob.yaml}: the user's object, with its status of before, if it has one
 * <li>{@code in-PlanetaryCluster.yaml}: the cluster it is on, if there is one
 * <li>{@code in-Pod-*.yaml}: the pods of its attempts
 * <li>{@code in-more.yaml}: {@code scheduler} (the boot that answers), {@code done} and {@code total} (tasks of the present runner),
 *     {@code unposted}, {@code lostSince}, {@code findings}
 * <li>{@code out-plan.yaml}: what it is at, why, and what is done
 * <li>{@code out-status.yaml}: what is told
 * <li>{@code out-<Kind>-<name>.yaml}: objects that are made
 * </ul>
 */
class JobGoldenTest {
    private static final Path ROOT = Path.of("src/test/resources/golden-jobs");

    /** The rest of what is found. */
    record More(String scheduler, Long done, Long total, boolean unposted, Instant lostSince, List<Finding> findings) {}

    @TestFactory
    Stream<DynamicNode> folders() {
        return Golden.folders(ROOT, JobGoldenTest::make);
    }

    private static Golden make(Folder folder) {
        var seen = observe(folder);
        var plan = JobPlan.of(seen);
        var made = new Golden();
        made.put("out-plan.yaml", plan(plan));
        made.put("out-status.yaml", JobStatus.of(seen, plan));
        objects(seen, plan).forEach(made::put);
        return made;
    }

    private static List<HasMetadata> objects(JobObservation seen, JobPlan plan) {
        var objects = new ArrayList<HasMetadata>();
        if (plan.steps().contains(new Step.MakeCluster())) {
            JobObjects.cluster(seen.job()).ifPresent(objects::add);
        }
        if (plan.steps().contains(new Step.PostRunner())) {
            var files = JobObjects.files(seen.job());
            var cluster = seen.cluster().orElseThrow();
            var model = new ClusterModel(
                    cluster, AcceptedSpec.first(cluster.specOrDefault(), "client:1"), "0a1b2c3d4e", false);
            objects.add(files);
            if (plan.ledger().attempts() == 1) {
                RunnersNetworkPolicy.of(model).ifPresent(objects::add);
            }
            objects.add(RunnerPod.of(
                    seen.job(), model, JobObjects.template(files), plan.ledger().attempts() - 1));
        }
        return objects;
    }

    private static JobObservation observe(Folder folder) {
        var more = folder.text("in-more.yaml")
                .map(t -> Serialization.unmarshal(t, More.class))
                .orElse(new More(null, null, null, false, null, null));
        var job = Serialization.unmarshal(folder.text("in-PlanetaryJob.yaml").orElseThrow(), PlanetaryJob.class);
        var jobs = more.total() == null
                ? JobsProgress.NONE
                : new JobsProgress(1, Map.of(job.getStatus().podName(), new JobProgress(more.done(), more.total())));
        return new JobObservation(
                job,
                folder.text("in-PlanetaryCluster.yaml").map(t -> Serialization.unmarshal(t, PlanetaryCluster.class)),
                true,
                Optional.ofNullable(more.scheduler())
                        .map(boot -> new SchedulerState(
                                boot, 1, false, Optional.empty(), "", Map.of(), List.of(), Set.of(), List.of(), jobs)),
                folder.names("in-Pod-")
                        .map(name -> Serialization.unmarshal(folder.text(name).orElseThrow(), Pod.class))
                        .map(pod -> new ObservedRunner(pod, pod.getMetadata().getDeletionTimestamp() != null))
                        .toList(),
                more.unposted(),
                Optional.ofNullable(more.lostSince()),
                more.findings() == null ? List.of() : more.findings(),
                Folder.NOW);
    }

    private static Map<String, Object> plan(JobPlan plan) {
        var told = new TreeMap<String, Object>();
        told.put("phase", plan.phase() + ": " + plan.reason());
        told.put(
                "steps",
                plan.steps().stream()
                        .map(s -> s instanceof Step.Kill(var runner)
                                ? "Kill " + runner.name()
                                : s.getClass().getSimpleName())
                        .toList());
        plan.recheck().ifPresent(at -> told.put("recheck", at.toString()));
        return told;
    }
}
