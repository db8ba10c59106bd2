package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryJob;
import dev.planetary.apply.Applier;
import dev.planetary.apply.JobApplier;
import dev.planetary.apply.JobApplier.Posted;
import dev.planetary.apply.Outcome;
import dev.planetary.apply.RecentWrites;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.JobObjects;
import dev.planetary.desired.RunnerPod;
import dev.planetary.observe.JobObservation;
import dev.planetary.plan.JobPlan;
import dev.planetary.plan.JobPlan.Step;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out what is planned for a job, once its status says so. */
final class JobExecutor {
    private static final Logger LOG = LoggerFactory.getLogger(JobExecutor.class);

    private final Applier applier;
    private final JobApplier jobs;
    private final ClusterBoard board;
    private final Unposted unposted;
    private final RecentWrites recent;

    JobExecutor(Applier applier, JobApplier jobs, ClusterBoard board, Unposted unposted, RecentWrites recent) {
        this.applier = applier;
        this.jobs = jobs;
        this.board = board;
        this.unposted = unposted;
        this.recent = recent;
    }

    /** @return what could not be done, and why */
    Optional<Finding> carryOut(JobObservation seen, JobPlan plan) {
        return plan.steps().stream()
                .map(step -> carryOut(seen, plan, step))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private Optional<Finding> carryOut(JobObservation seen, JobPlan plan, Step step) {
        var job = seen.job();
        return switch (step) {
            case Step.MakeCluster _ ->
                applier.create(job, JobObjects.cluster(job).orElseThrow()).problem();
            case Step.PostRunner _ -> post(seen, plan.ledger().attempts());
            case Step.Kill(var runner) -> {
                // A job that ended is sure of itself; else it is a wish of the spec, or of the cluster's.
                if (plan.phase().isFinal() || applier.isCurrent(job)) {
                    jobs.kill(job, runner);
                }
                yield Optional.empty();
            }
            case Step.DropCluster _ -> {
                if (plan.phase().isFinal() || applier.isCurrent(job)) {
                    var cluster = seen.cluster().orElseThrow();
                    applier.delete(cluster);
                    recent.deleted(
                            job.getMetadata().getUid(), cluster.getMetadata().getUid());
                }
                yield Optional.empty();
            }
            case Step.ReleaseCluster _ -> {
                jobs.release(seen.cluster().orElseThrow());
                yield Optional.empty();
            }
            case Step.DeleteJob _ -> {
                if (applier.isCurrent(job)) {
                    jobs.delete(job);
                }
                yield Optional.empty();
            }
        };
    }

    private Optional<Finding> post(JobObservation seen, int attempt) {
        var job = seen.job();
        var uid = job.getMetadata().getUid();
        if (!unposted.is(uid, attempt)) {
            return Optional.empty();
        }
        var model = seen.cluster().flatMap(c -> board.model(c.getMetadata().getUid()));
        if (model.isEmpty()) {
            return Optional.of(new Finding(false, "Waiting", "the cluster has not been looked at yet"));
        }
        var missing = jobs.missingScript(job);
        if (missing.isPresent()) {
            return missing;
        }
        return switch (files(job)) {
            case Outcome.NotDone(var finding) -> Optional.of(finding);
            case Outcome.Done(var files) -> {
                Pod runner;
                try {
                    runner = render(job, model.get(), (ConfigMap) files, attempt);
                } catch (IllegalArgumentException e) {
                    yield Optional.of(new Finding(
                            true,
                            "InvalidTemplate",
                            "spec.template is not a pod's metadata and spec: "
                                    + String.valueOf(e.getMessage())
                                            .lines()
                                            .findFirst()
                                            .orElse("")));
                }
                yield post(job, runner, attempt);
            }
        };
    }

    private Optional<Finding> post(PlanetaryJob job, Pod runner, int attempt) {
        var uid = job.getMetadata().getUid();
        if (!unposted.take(uid, attempt)) {
            return Optional.empty();
        }
        return switch (jobs.post(job, runner)) {
            case Posted.Made _ -> Optional.empty();
            case Posted.Refused(var finding) -> {
                unposted.entered(uid, attempt);
                yield Optional.of(finding);
            }
            case Posted.Unknown(var message) -> {
                LOG.atInfo()
                        .addKeyValue("pod", runner.getMetadata().getName())
                        .log("it is not known whether it was made: {}", message);
                yield Optional.of(
                        new Finding(false, "ApiServerError", "the runner may not have been made: " + message));
            }
        };
    }

    private static Pod render(PlanetaryJob job, ClusterModel model, ConfigMap files, int attempt) {
        return RunnerPod.of(job, model, JobObjects.template(files), attempt - 1);
    }

    /** Made anew as long as nothing has run; afterwards what is there counts. */
    private Outcome files(PlanetaryJob job) {
        var wanted = JobObjects.files(job);
        var outcome = applier.create(job, wanted);
        return outcome instanceof Outcome.Done(ConfigMap live)
                        && job.statusOrNothing().started().isEmpty()
                        && !wanted.getData().equals(live.getData())
                ? applier.replace(JobObjects.onto(live, wanted))
                : outcome;
    }
}
