package dev.planetary.desired;

import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobSpec;
import dev.planetary.api.PlanetaryJobSpec.Logs;
import dev.planetary.api.PlanetaryJobSpec.Output;
import dev.planetary.api.PlanetaryJobSpec.Pvc;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The pod that runs a job's program once, beside its cluster and as a client of it. */
public final class RunnerPod {
    /** The container. */
    public static final String CONTAINER = "runner";

    static final String FILES_PATH = "/etc/planetary/job";
    private static final String RUN = DaskPod.PRELOAD_PATH + "/planetary_run.py";
    /** Kubernetes' own, which the runner assumes unless it is told another. */
    private static final long GRACE_SECONDS = 30;

    private RunnerPod() {}

    /**
     * @param template laid over the pod
     * @throws IllegalArgumentException if the template is no pod's
     */
    public static Pod of(PlanetaryJob job, ClusterModel cluster, Map<String, Object> template, int attempt) {
        var accepted = cluster.accepted().pods();
        var own = new PodBuilder()
                .withNewMetadata()
                .withName(JobNames.of(job).runner(attempt))
                .withNamespace(job.getMetadata().getNamespace())
                .withLabels(labels(job, cluster))
                .addToAnnotations(Labels.SPEC_HASH, JobObjects.templates(job.getSpec()))
                .addToAnnotations(Labels.SAFE_TO_EVICT, "false")
                .withOwnerReferences(Labels.owner(job))
                .endMetadata()
                .withNewSpec()
                // Its exit decides; another attempt is another pod.
                .withRestartPolicy("Never")
                .withTerminationGracePeriodSeconds(GRACE_SECONDS)
                .withAutomountServiceAccountToken(false)
                .withEnableServiceLinks(false)
                .withServiceAccountName(accepted.serviceAccountName())
                .withImagePullSecrets(accepted.imagePullSecrets())
                .withSecurityContext(PodParts.podSecurity())
                // Next to its cluster: what it fetches comes from there.
                .withAffinity(Placement.near(Placement.NOT_ON_SPOT, cluster.near()))
                .withVolumes(volumes(job, cluster))
                .withContainers(container(job, cluster, attempt))
                .endSpec()
                .build();
        return own(TemplateOverlay.lay(template, own), own);
    }

    private static Map<String, String> labels(PlanetaryJob job, ClusterModel cluster) {
        var labels = new TreeMap<>(Labels.runner(
                job.getMetadata().getName(), cluster.cluster().getMetadata().getName()));
        if (RunnerEnv.usesWorkloadIdentity(job)) {
            labels.put("azure.workload.identity/use", "true");
        }
        return labels;
    }

    private static Container container(PlanetaryJob job, ClusterModel cluster, int attempt) {
        var spec = job.getSpec();
        var env = new ArrayList<>(DaskEnv.defaults(cluster));
        env.addAll(spec.env());
        env.addAll(DaskEnv.of(cluster));
        env.addAll(RunnerEnv.of(job, attempt));
        var policy = cluster.accepted().pods().imagePullPolicy();
        return new ContainerBuilder()
                .withName(CONTAINER)
                .withImage(spec.image() == null ? cluster.accepted().image() : spec.image())
                .withImagePullPolicy(policy == null ? null : policy.name())
                .withCommand("python", RUN)
                .withArgs(args(job))
                // A script has no place of its own in the image; a command may stand on the image's.
                .withWorkingDir(spec.command().isEmpty() ? DaskPod.HOME : null)
                .withEnv(PodParts.byKey(env, EnvVar::getName))
                .withEnvFrom(spec.envFrom())
                .withResources(resources(spec.resources()))
                .withSecurityContext(PodParts.containerSecurity())
                .withVolumeMounts(mounts(job, cluster))
                .withTerminationMessagePath(RunnerEnv.TERMINATION_FILE)
                .withTerminationMessagePolicy("File")
                .build();
    }

    private static List<String> args(PlanetaryJob job) {
        var spec = job.getSpec();
        if (spec.command().isEmpty()) {
            return List.of();
        }
        var args = new ArrayList<>(List.of("--"));
        args.addAll(spec.command());
        args.addAll(spec.args());
        return args;
    }

    private static List<Volume> volumes(PlanetaryJob job, ClusterModel cluster) {
        var volumes =
                new ArrayList<>(PodParts.volumes(cluster, cluster.transport().clientVolume()));
        var files = new VolumeBuilder()
                .withName("job")
                .withNewProjected()
                .addNewSource()
                .withNewConfigMap()
                .withName(JobNames.of(job).own())
                .addNewItem(JobObjects.PARAMETERS, null, JobObjects.PARAMETERS)
                .endConfigMap()
                .endSource();
        var from = job.getSpec().scriptFrom();
        if (job.getSpec().command().isEmpty()) {
            files.addNewSource()
                    .withNewConfigMap()
                    .withName(
                            from == null
                                    ? JobNames.of(job).own()
                                    : from.configMapKeyRef().name())
                    .addNewItem(
                            from == null
                                    ? JobObjects.SCRIPT
                                    : from.configMapKeyRef().key(),
                            null,
                            JobObjects.SCRIPT)
                    .endConfigMap()
                    .endSource();
        }
        volumes.add(files.endProjected().build());
        volumes.add(new VolumeBuilder()
                .withName("result")
                .withNewEmptyDir()
                .endEmptyDir()
                .build());
        var output = outputClaim(job.getSpec());
        var logs = logsClaim(job.getSpec());
        output.ifPresent(claim -> volumes.add(claim("output", claim)));
        logs.filter(claim -> !output.equals(logs)).ifPresent(claim -> volumes.add(claim("logs", claim)));
        return volumes;
    }

    private static List<VolumeMount> mounts(PlanetaryJob job, ClusterModel cluster) {
        var mounts = new ArrayList<>(PodParts.mounts(cluster));
        mounts.add(mount("job", FILES_PATH).withReadOnly(true).build());
        mounts.add(mount("result", RunnerEnv.RESULT_PATH).build());
        var folder = JobNames.of(job).own();
        var output = outputClaim(job.getSpec());
        var logs = logsClaim(job.getSpec());
        output.ifPresent(_ -> mounts.add(
                mount("output", RunnerEnv.OUTPUT_PATH).withSubPath(folder).build()));
        // One volume for one claim: kubelets wait for ever for the second of two of the same.
        logs.ifPresent(_ -> mounts.add(mount(logs.equals(output) ? "output" : "logs", RunnerEnv.LOG_PATH)
                .withSubPath(job.getMetadata().getNamespace() + "/" + folder)
                .build()));
        return mounts;
    }

    private static Optional<String> outputClaim(PlanetaryJobSpec spec) {
        return Optional.ofNullable(spec.output()).map(Output::pvc).map(Pvc::claimName);
    }

    private static Optional<String> logsClaim(PlanetaryJobSpec spec) {
        return Optional.ofNullable(spec.logs()).map(Logs::pvc).map(Pvc::claimName);
    }

    private static VolumeMountBuilder mount(String volume, String path) {
        return new VolumeMountBuilder().withName(volume).withMountPath(path);
    }

    private static Volume claim(String name, String claim) {
        return new VolumeBuilder()
                .withName(name)
                .withNewPersistentVolumeClaim()
                .withClaimName(claim)
                .endPersistentVolumeClaim()
                .build();
    }

    private static ResourceRequirements resources(ResourceRequirements wanted) {
        return wanted != null
                ? wanted
                : new ResourceRequirementsBuilder()
                        .addToRequests("cpu", new Quantity("100m"))
                        .addToRequests("memory", new Quantity("256Mi"))
                        .addToLimits("memory", new Quantity("2Gi"))
                        .build();
    }

    /** Puts back what the operator owns after a template was laid over. */
    private static Pod own(Pod pod, Pod own) {
        PodParts.ownIdentity(pod, own);
        var ours = own.getSpec().getContainers().getFirst();
        var runner = pod.getSpec().getContainers().stream()
                .filter(c -> CONTAINER.equals(c.getName()))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("the container " + CONTAINER + " cannot be taken away"));
        runner.setCommand(ours.getCommand());
        runner.setArgs(ours.getArgs());
        runner.setRestartPolicy(null);
        runner.setTerminationMessagePath(ours.getTerminationMessagePath());
        runner.setTerminationMessagePolicy(ours.getTerminationMessagePolicy());
        PodParts.ownEnvAndMounts(runner, ours, RunnerEnv::isOwned);
        var grace = pod.getSpec().getTerminationGracePeriodSeconds();
        if (grace != null && grace != GRACE_SECONDS) {
            var env = new ArrayList<>(runner.getEnv());
            env.add(RunnerEnv.grace(grace));
            runner.setEnv(env);
        }
        return pod;
    }
}
