package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSecurityContextBuilder;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Predicate;

/** What all our pods are alike in: security, mounts, and what stays the operator's whatever a template says. */
final class PodParts {
    /** Any image: root-default ones and those with a named user, which the kubelet cannot tell from root, need a number. */
    private static final long USER = 1000;

    private PodParts() {}

    static PodSecurityContext podSecurity() {
        return new PodSecurityContextBuilder()
                .withRunAsNonRoot(true)
                .withRunAsUser(USER)
                .withFsGroup(USER)
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .build();
    }

    static SecurityContext containerSecurity() {
        return new SecurityContextBuilder()
                .withAllowPrivilegeEscalation(false)
                .withNewCapabilities()
                .withDrop("ALL")
                .endCapabilities()
                .build();
    }

    /** @param credentials what is shown to peers */
    static List<Volume> volumes(ClusterModel model, Volume credentials) {
        var volumes = new ArrayList<Volume>();
        volumes.add(new VolumeBuilder()
                .withName("preload")
                .withNewConfigMap()
                .withName(model.names().preload(model.preloadHash()))
                .endConfigMap()
                .build());
        volumes.add(credentials);
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

    static List<VolumeMount> mounts(ClusterModel model) {
        var mounts = new ArrayList<VolumeMount>();
        mounts.add(new VolumeMountBuilder()
                .withName("preload")
                .withMountPath(DaskPod.PRELOAD_PATH)
                .withReadOnly(true)
                .build());
        mounts.add(new VolumeMountBuilder()
                .withName(Transport.VOLUME)
                .withMountPath(DaskPod.TLS_PATH)
                .withReadOnly(true)
                .build());
        mounts.add(new VolumeMountBuilder()
                .withName("home")
                .withMountPath(DaskPod.HOME)
                .build());
        model.trustedCaName()
                .ifPresent(name -> mounts.add(new VolumeMountBuilder()
                        .withName("trusted-ca")
                        .withMountPath(DaskPod.CA_PATH)
                        .withReadOnly(true)
                        .build()));
        return mounts;
    }

    static void ownIdentity(Pod pod, Pod own) {
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
        // Another of our labels would hide it from the operator, or make it another's.
        meta.getLabels()
                .keySet()
                .removeIf(label -> label.startsWith(PlanetaryCluster.GROUP + "/")
                        && !label.equals(Labels.CLIENT_OF)
                        && !mine.getLabels().containsKey(label));
        meta.getLabels().putAll(mine.getLabels());
        meta.getAnnotations().put(Labels.SPEC_HASH, mine.getAnnotations().get(Labels.SPEC_HASH));
        var spec = pod.getSpec();
        spec.setRestartPolicy(own.getSpec().getRestartPolicy());
        spec.setAutomountServiceAccountToken(false);
        Placement.keep(spec, own.getSpec());
        spec.setVolumes(join(spec.getVolumes(), own.getSpec().getVolumes(), Volume::getName));
    }

    static void ownEnvAndMounts(Container theirs, Container ours, Predicate<String> owned) {
        var set = ours.getEnv().stream().map(EnvVar::getName).toList();
        // Dask reads its variables in any case: another spelling of an owned one must not win, nor one that we leave
        // unset.
        var env = theirs.getEnv().stream()
                .filter(e ->
                        set.contains(e.getName()) || !owned.test(e.getName().toUpperCase(Locale.ROOT)))
                .toList();
        theirs.setEnv(join(
                env, ours.getEnv().stream().filter(e -> owned.test(e.getName())).toList(), EnvVar::getName));
        theirs.setVolumeMounts(join(theirs.getVolumeMounts(), ours.getVolumeMounts(), VolumeMount::getMountPath));
    }

    /** Later ones win, at the place of the first. */
    static <T> List<T> byKey(List<T> items, Function<T, String> key) {
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
