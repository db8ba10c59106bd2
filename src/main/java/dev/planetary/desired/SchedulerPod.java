package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.util.Locale;

/** The pod of the Dask scheduler. */
public final class SchedulerPod {
    private SchedulerPod() {}

    public static Pod of(ClusterModel model, String name) {
        var spec = model.accepted().pods().scheduler();
        return new DaskPod(
                        model,
                        model.accepted().schedulerHash(),
                        Labels.scheduler(model.cluster().getMetadata().getName()))
                // A container that died comes back in its pod, faster than a new pod would.
                .render(
                        name,
                        new PodSpecBuilder()
                                .withRestartPolicy("Always")
                                .withTerminationGracePeriodSeconds(30L)
                                .withAffinity(Placement.NOT_ON_SPOT)
                                .build(),
                        container(model, resources(spec.resources())),
                        DaskEnv.of(model),
                        spec.template());
    }

    private static Container container(ClusterModel model, ResourceRequirements resources) {
        return new ContainerBuilder()
                .withImage(model.accepted().image())
                .withCommand("dask", "scheduler")
                .withArgs(
                        "--protocol",
                        model.transport().protocol(),
                        "--port",
                        String.valueOf(ClusterModel.COMM_PORT),
                        "--dashboard-address",
                        ":" + ClusterModel.HTTP_PORT,
                        "--preload",
                        DaskPod.PRELOAD_PATH + "/planetary_scheduler.py")
                .withResources(resources)
                .addNewPort()
                .withName("comm")
                .withContainerPort(ClusterModel.COMM_PORT)
                .withProtocol("TCP")
                .endPort()
                .addNewPort()
                .withName("http")
                .withContainerPort(ClusterModel.HTTP_PORT)
                .withProtocol("TCP")
                .endPort()
                // At once when it is up; from then on the operator's long-poll tells more, and a probe is a TLS
                // handshake.
                .withStartupProbe(health(model, 1, 600))
                .withReadinessProbe(health(model, 10, 3))
                .withNewLifecycle()
                .withNewPreStop()
                .withNewExec()
                .withCommand("python", DaskPod.PRELOAD_PATH + "/planetary_prestop.py", "scheduler")
                .endExec()
                .endPreStop()
                .endLifecycle()
                .build();
    }

    private static Probe health(ClusterModel model, int period, int failures) {
        return new ProbeBuilder()
                .withNewHttpGet()
                .withPath("/health")
                .withNewPort(ClusterModel.HTTP_PORT)
                .withScheme(model.transport().http().toUpperCase(Locale.ROOT))
                .endHttpGet()
                .withPeriodSeconds(period)
                .withTimeoutSeconds(5)
                .withFailureThreshold(failures)
                .build();
    }

    private static ResourceRequirements resources(ResourceRequirements wanted) {
        return wanted != null
                ? wanted
                : new ResourceRequirementsBuilder()
                        .addToRequests("cpu", new Quantity("250m"))
                        .addToRequests("memory", new Quantity("512Mi"))
                        .addToLimits("memory", new Quantity("2Gi"))
                        .build();
    }
}
