package dev.planetary.desired;

import dev.planetary.api.WorkersSpec;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The pod of a Dask worker. */
public final class WorkerPod {
    /** What the pod needs to end after its work is drained. */
    private static final long GRACE_AFTER_DRAIN_SECONDS = 30;

    private static final Map<String, Quantity> DEFAULT_LIMITS =
            Map.of("cpu", new Quantity("1"), "memory", new Quantity("4Gi"));
    private static final BigDecimal CPU_REQUEST = new BigDecimal("0.9");

    private WorkerPod() {}

    public static Pod of(ClusterModel model, String group, String name) {
        var spec = model.accepted().pods().workers();
        var env = new ArrayList<>(DaskEnv.of(model));
        env.add(DaskEnv.value("PLANETARY_GROUP", group));
        env.add(DaskEnv.value(
                "PLANETARY_DRAIN_TIMEOUT", String.valueOf(spec.drain().toSeconds())));
        return new DaskPod(
                        model,
                        model.accepted().workerHash(),
                        Labels.worker(model.cluster().getMetadata().getName(), group))
                // OnFailure: a retired worker exits 0 and stays down, a crashed one comes back.
                .render(
                        name,
                        new PodSpecBuilder()
                                .withRestartPolicy("OnFailure")
                                .withTerminationGracePeriodSeconds(spec.drain().toSeconds() + GRACE_AFTER_DRAIN_SECONDS)
                                .build(),
                        container(spec, resources(spec.resources())),
                        env,
                        spec.template());
    }

    private static Container container(WorkersSpec spec, ResourceRequirements resources) {
        return new ContainerBuilder()
                .withCommand("dask", "worker")
                .withArgs(args(spec, resources))
                .withResources(resources)
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

    private static List<String> args(WorkersSpec spec, ResourceRequirements resources) {
        var memory = resources.getLimits().get("memory");
        var args = new ArrayList<>(List.of(
                "--protocol",
                "tls",
                "--dashboard-address",
                ":8788",
                "--nthreads",
                String.valueOf(threads(spec, resources)),
                "--memory-limit",
                memory == null
                        ? "auto"
                        : memory.getNumericalAmount()
                                .setScale(0, RoundingMode.DOWN)
                                .toPlainString(),
                "--preload",
                DaskPod.PRELOAD_PATH + "/planetary_worker.py"));
        if (!spec.daskResources().isEmpty()) {
            args.add("--resources");
            args.add(new TreeMap<>(spec.daskResources())
                    .entrySet().stream()
                            .map(e -> e.getKey() + "=" + e.getValue().toPlainString())
                            .collect(Collectors.joining(" ")));
        }
        return args;
    }

    private static int threads(WorkersSpec spec, ResourceRequirements resources) {
        if (spec.threads() != null) {
            return spec.threads();
        }
        var cpu = resources.getLimits().get("cpu");
        return cpu == null ? 1 : Math.max(1, cpu.getNumericalAmount().intValue());
    }

    /** Requests follow limits: 0.9 of the CPU, so that workers of whole cores fit nodes that keep a little back; all of the memory. */
    private static ResourceRequirements resources(ResourceRequirements wanted) {
        var limits = wanted == null
                        || wanted.getLimits() == null
                        || wanted.getLimits().isEmpty() && wanted.getRequests().isEmpty()
                ? DEFAULT_LIMITS
                : wanted.getLimits();
        var requests = new TreeMap<String, Quantity>();
        if (limits.containsKey("cpu")) {
            var millis = limits.get("cpu")
                    .getNumericalAmount()
                    .multiply(CPU_REQUEST)
                    .movePointRight(3)
                    .setScale(0, RoundingMode.CEILING);
            requests.put("cpu", new Quantity(millis.toPlainString(), "m"));
        }
        if (limits.containsKey("memory")) {
            requests.put("memory", limits.get("memory"));
        }
        if (wanted != null && wanted.getRequests() != null) {
            requests.putAll(wanted.getRequests());
        }
        return new ResourceRequirementsBuilder(wanted == null ? new ResourceRequirements() : wanted)
                .withLimits(new TreeMap<>(limits))
                .withRequests(requests)
                .build();
    }
}
