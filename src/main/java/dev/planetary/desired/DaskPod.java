package dev.planetary.desired;

import dev.planetary.api.PlanetaryClusterSpec.ImagePullPolicy;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** What scheduler and worker pods have in common: security, mounts, environment; and what a template may not change. */
final class DaskPod {
    static final String CONTAINER = "dask";
    static final String PRELOAD_PATH = "/etc/planetary/preload";
    static final String TLS_PATH = "/etc/planetary/tls";
    static final String CA_PATH = "/etc/planetary/ca";
    static final String HOME = "/planetary";
    /** Any image: root-default ones and those with a named user, which the kubelet cannot tell from root, need a number. */
    private static final long USER = 1000;

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
                        .withNewSecurityContext()
                        .withRunAsNonRoot(true)
                        .withRunAsUser(USER)
                        .withFsGroup(USER)
                        .withNewSeccompProfile()
                        .withType("RuntimeDefault")
                        .endSeccompProfile()
                        .endSecurityContext()
                        .withVolumes(volumes())
                        .withContainers(complete(container, env))
                        .build())
                .build();
        return own(TemplateOverlay.lay(template, own), own);
    }

    private Container complete(Container container, List<EnvVar> env) {
        var spec = model.accepted().pods();
        var all = new ArrayList<>(spec.env());
        all.addAll(env);
        return new ContainerBuilder(container)
                .withName(CONTAINER)
                .withImagePullPolicy(spec.imagePullPolicy() == null ? null : pullPolicy(spec.imagePullPolicy()))
                .withEnv(byKey(all, EnvVar::getName))
                .withEnvFrom(spec.envFrom())
                .withVolumeMounts(mounts())
                .withNewSecurityContext()
                .withAllowPrivilegeEscalation(false)
                .withNewCapabilities()
                .withDrop("ALL")
                .endCapabilities()
                .endSecurityContext()
                // The end of a crashed container's log becomes the status message: users see why without asking for
                // logs.
                .withTerminationMessagePolicy("FallbackToLogsOnError")
                .build();
    }

    private static String pullPolicy(ImagePullPolicy policy) {
        return policy.name();
    }

    private List<Volume> volumes() {
        var volumes = new ArrayList<Volume>();
        volumes.add(new VolumeBuilder()
                .withName("preload")
                .withNewConfigMap()
                .withName(model.names().preload(model.preloadHash()))
                .endConfigMap()
                .build());
        volumes.add(model.transport().volume());
        volumes.add(new VolumeBuilder()
                .withName("home")
                .withNewEmptyDir()
                .endEmptyDir()
                .build());
        model.trustedCaName()
                .ifPresent(name -> volumes.add(new VolumeBuilder()
                        .withName("trusted-ca")
                        .withNewConfigMap()
                        .withName(name)
                        .endConfigMap()
                        .build()));
        return volumes;
    }

    private List<VolumeMount> mounts() {
        var mounts = new ArrayList<VolumeMount>();
        mounts.add(new VolumeMountBuilder()
                .withName("preload")
                .withMountPath(PRELOAD_PATH)
                .withReadOnly(true)
                .build());
        mounts.add(new VolumeMountBuilder()
                .withName(Transport.VOLUME)
                .withMountPath(TLS_PATH)
                .withReadOnly(true)
                .build());
        mounts.add(new VolumeMountBuilder().withName("home").withMountPath(HOME).build());
        model.trustedCaName()
                .ifPresent(name -> mounts.add(new VolumeMountBuilder()
                        .withName("trusted-ca")
                        .withMountPath(CA_PATH)
                        .withReadOnly(true)
                        .build()));
        return mounts;
    }

    /** Puts back what the operator owns after a template was laid over. */
    private Pod own(Pod pod, Pod own) {
        var meta = pod.getMetadata();
        var mine = own.getMetadata();
        if (meta == null || pod.getSpec() == null) {
            throw new IllegalArgumentException("metadata and spec cannot be taken away");
        }
        pod.setApiVersion(own.getApiVersion());
        pod.setKind(own.getKind());
        pod.setStatus(null);
        meta.setName(mine.getName());
        meta.setNamespace(mine.getNamespace());
        meta.setGenerateName(null);
        meta.setOwnerReferences(mine.getOwnerReferences());
        meta.setFinalizers(List.of());
        meta.getLabels().putAll(labels);
        meta.getAnnotations().put(Labels.SPEC_HASH, hash);
        var spec = pod.getSpec();
        spec.setRestartPolicy(own.getSpec().getRestartPolicy());
        spec.setAutomountServiceAccountToken(false);
        Placement.keep(spec, own.getSpec());
        spec.setVolumes(join(spec.getVolumes(), own.getSpec().getVolumes(), Volume::getName));
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
        var owned = new HashSet<>(DaskEnv.ownedNames());
        var set = ours.getEnv().stream().map(EnvVar::getName).toList();
        // Dask reads its variables in any case: another spelling of an owned one must not win, nor one that we leave
        // unset.
        var theirs = dask.getEnv().stream()
                .filter(e ->
                        set.contains(e.getName()) || !owned.contains(e.getName().toUpperCase(Locale.ROOT)))
                .toList();
        dask.setEnv(join(
                theirs,
                ours.getEnv().stream().filter(e -> owned.contains(e.getName())).toList(),
                EnvVar::getName));
        dask.setVolumeMounts(join(dask.getVolumeMounts(), ours.getVolumeMounts(), VolumeMount::getMountPath));
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

    /** Later ones win, at the place of the first. */
    private static <T> List<T> byKey(List<T> items, Function<T, String> key) {
        var byKey = new LinkedHashMap<String, T>();
        items.forEach(item -> byKey.put(key.apply(item), item));
        return List.copyOf(byKey.values());
    }

    private static <T> List<T> join(List<T> theirs, List<T> ours, Function<T, String> key) {
        var all = new ArrayList<>(theirs);
        all.addAll(ours);
        return byKey(all, key);
    }
}
