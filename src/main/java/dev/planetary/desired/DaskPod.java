package dev.planetary.desired;

import dev.planetary.api.PlanetaryClusterSpec.ImagePullPolicy;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/** What scheduler and worker pods have in common: security, mounts, environment; and what a template may not change. */
final class DaskPod {
    static final String CONTAINER = "dask";
    static final String PRELOAD_PATH = "/etc/planetary/preload";
    static final String TLS_PATH = "/etc/planetary/tls";
    static final String CA_PATH = "/etc/planetary/ca";
    static final String HOME = "/planetary";

    private final ClusterModel model;
    private final String hash;
    private final Map<String, String> labels;

    DaskPod(ClusterModel model, String hash, Map<String, String> labels) {
        this.model = model;
        this.hash = hash;
        this.labels = labels;
    }

    /** The pod with the template laid over it; identity, TLS and restart policy stay as they were. */
    Pod render(String name, PodSpec role, Container container, List<EnvVar> env, Map<String, Object> template) {
        var spec = model.accepted().pods();
        var own = new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(model.namespace())
                .withLabels(labels)
                .addToAnnotations(Labels.SPEC_HASH, hash)
                // Without a word the autoscaler keeps a node for ever on account of an emptyDir. A worker loses nothing
                // by an eviction; a scheduler loses everything.
                .addToAnnotations(
                        Labels.SAFE_TO_EVICT, String.valueOf(Labels.WORKER.equals(labels.get(Labels.COMPONENT))))
                .withOwnerReferences(Labels.owner(model.cluster()))
                .endMetadata()
                .withSpec(new PodSpecBuilder(role)
                        .withAutomountServiceAccountToken(false)
                        .withEnableServiceLinks(false)
                        .withServiceAccountName(spec.serviceAccountName())
                        .withImagePullSecrets(spec.imagePullSecrets())
                        .withAffinity(Placement.near(role.getAffinity(), model.near()))
                        .withSecurityContext(PodParts.podSecurity())
                        .withVolumes(PodParts.volumes(model, model.transport().volume()))
                        .withContainers(complete(container, env))
                        .build())
                .build();
        return own(TemplateOverlay.lay(template, own), own);
    }

    private Container complete(Container container, List<EnvVar> env) {
        var spec = model.accepted().pods();
        var all = new ArrayList<>(DaskEnv.defaults(model));
        all.addAll(spec.env());
        all.addAll(env);
        return new ContainerBuilder(container)
                .withName(CONTAINER)
                .withImagePullPolicy(spec.imagePullPolicy() == null ? null : pullPolicy(spec.imagePullPolicy()))
                .withEnv(PodParts.byKey(all, EnvVar::getName))
                .withEnvFrom(spec.envFrom())
                .withVolumeMounts(PodParts.mounts(model))
                .withSecurityContext(PodParts.containerSecurity())
                // The end of a crashed container's log becomes the status message: users see why without asking for
                // logs.
                .withTerminationMessagePolicy("FallbackToLogsOnError")
                .build();
    }

    private static String pullPolicy(ImagePullPolicy policy) {
        return policy.name();
    }

    /** Puts back what the operator owns after a template was laid over. */
    private static Pod own(Pod pod, Pod own) {
        PodParts.ownIdentity(pod, own);
        var spec = pod.getSpec();
        var ours = own.getSpec().getContainers().getFirst();
        var dask = spec.getContainers().stream()
                .filter(c -> CONTAINER.equals(c.getName()))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("the container " + CONTAINER + " cannot be taken away"));
        mustStart(dask, ours);
        // Draining rests on the hook and on the time it is given.
        dask.setLifecycle(ours.getLifecycle());
        dask.setRestartPolicy(null);
        spec.setTerminationGracePeriodSeconds(Math.max(
                own.getSpec().getTerminationGracePeriodSeconds(),
                spec.getTerminationGracePeriodSeconds() == null ? 0 : spec.getTerminationGracePeriodSeconds()));
        PodParts.ownEnvAndMounts(dask, ours, new HashSet<>(DaskEnv.ownedNames())::contains);
        return pod;
    }

    /** A template may add arguments, or wrap the command; without these the pod would be outside the cluster, or unguarded. */
    private static void mustStart(Container dask, Container ours) {
        var words = new ArrayList<>(dask.getCommand());
        words.addAll(dask.getArgs());
        var line = String.join(" ", words);
        for (var option : List.of("--protocol", "--preload")) {
            var wanted = option + " " + ours.getArgs().get(ours.getArgs().indexOf(option) + 1);
            if (!line.contains(wanted)) {
                throw new IllegalArgumentException(
                        "the container dask must be started with \"" + wanted + "\": leave args out, or repeat it");
            }
        }
    }
}
