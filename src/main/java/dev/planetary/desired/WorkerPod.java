package dev.planetary.desired;

import dev.planetary.api.WorkersSpec;
import dev.planetary.api.WorkersSpec.Spot;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The pod of a Dask worker. */
public final class WorkerPod {
    /** What the pod needs to end after its work is drained. */
    private static final long GRACE_AFTER_DRAIN_SECONDS = 30;

    /** The same on spot: with the default of drainTimeout this is the notice of 30 seconds that Azure gives. */
    private static final long GRACE_ON_SPOT_SECONDS = 5;

    /** GPU nodes are kept free for pods that say this: NVIDIA's convention, and the one of Azure's documentation. */
    private static final List<Toleration> GPU_TOLERATIONS = List.of(
            new TolerationBuilder()
                    .withKey(WorkerResources.GPU)
                    .withOperator("Exists")
                    .withEffect("NoSchedule")
                    .build(),
            new TolerationBuilder()
                    .withKey("sku")
                    .withOperator("Equal")
                    .withValue("gpu")
                    .withEffect("NoSchedule")
                    .build());

    private WorkerPod() {}

    public static Pod of(ClusterModel model, String group, String name) {
        return of(model, group, name, false);
    }

    /** @param fallback for regular nodes, of no pool, although its group prefers spot */
    public static Pod of(ClusterModel model, String group, String name, boolean fallback) {
        var spec = model.accepted().group(group).orElseThrow();
        var env = new ArrayList<>(DaskEnv.of(model));
        env.add(DaskEnv.value("PLANETARY_GROUP", group));
        env.add(DaskEnv.value(
                "PLANETARY_DRAIN_TIMEOUT", String.valueOf(spec.drain().toSeconds())));
        var onSpot = spec.spot() != Spot.Never && !fallback;
        var role = new PodSpecBuilder()
                .withRestartPolicy("OnFailure")
                .withTerminationGracePeriodSeconds(
                        spec.drain().toSeconds() + (onSpot ? GRACE_ON_SPOT_SECONDS : GRACE_AFTER_DRAIN_SECONDS))
                .withTolerations(spec.gpu() > 0 ? GPU_TOLERATIONS : List.of());
        if (onSpot) {
            role.addToTolerations(Placement.TOLERATES_SPOT).withAffinity(Placement.ON_SPOT);
        }
        if (spec.nodePool() != null && !fallback) {
            PoolPlacement.on(role, spec.nodePool());
        }
        return new DaskPod(model, model.accepted().workerHash(group), labels(model, group, spec.spot(), onSpot))
                // OnFailure: a retired worker exits 0 and stays down, a crashed one comes back.
                .render(name, role.build(), container(model, group, spec), env, spec.template());
    }

    private static Map<String, String> labels(ClusterModel model, String group, Spot spot, boolean onSpot) {
        var cluster = model.cluster().getMetadata().getName();
        return spot == Spot.Never
                ? Labels.worker(cluster, group)
                : Labels.worker(cluster, group, onSpot ? Labels.SPOT : Labels.REGULAR);
    }

    private static Container container(ClusterModel model, String group, WorkersSpec spec) {
        return new ContainerBuilder()
                .withImage(model.accepted().image(group))
                .withCommand("dask", "worker")
                .withArgs(args(spec, model.transport().protocol()))
                .withResources(WorkerResources.of(spec))
                .addNewPort()
                .withName("http")
                .withContainerPort(8788)
                .withProtocol("TCP")
                .endPort()
                .withNewLifecycle()
                .withNewPreStop()
                .withNewExec()
                .withCommand("python", DaskPod.PRELOAD_PATH + "/planetary_prestop.py", "worker")
                .endExec()
                .endPreStop()
                .endLifecycle()
                .build();
    }

    private static List<String> args(WorkersSpec spec, String protocol) {
        var args = new ArrayList<>(List.of(
                "--protocol",
                protocol,
                "--dashboard-address",
                ":8788",
                // /metrics and /health stay; importing bokeh for pages that nobody is led to costs each worker's start
                // a third.
                "--no-dashboard",
                "--nthreads",
                String.valueOf(WorkerResources.threads(spec)),
                "--memory-limit",
                WorkerResources.memory(spec).map(BigDecimal::toPlainString).orElse("auto"),
                "--preload",
                DaskPod.PRELOAD_PATH + "/planetary_worker.py",
                "--preload-nanny",
                DaskPod.PRELOAD_PATH + "/planetary_nanny.py"));
        var offered = WorkerResources.offered(spec);
        if (!offered.isEmpty()) {
            args.add("--resources");
            args.add(offered.entrySet().stream()
                    .map(e -> e.getKey() + "=" + e.getValue().toPlainString())
                    .collect(Collectors.joining(" ")));
        }
        return args;
    }
}
