package dev.planetary.desired;

import dev.planetary.api.WorkersSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a worker may use of its node, and what it offers to tasks. */
public final class WorkerResources {
    static final String GPU = "nvidia.com/gpu";
    private static final String DASK_GPU = "GPU";

    private static final Map<String, Quantity> DEFAULT_LIMITS =
            Map.of("cpu", new Quantity("1"), "memory", new Quantity("4Gi"));
    private static final BigDecimal CPU_REQUEST = new BigDecimal("0.9");

    private WorkerResources() {}

    /** Dask resources of each worker; a worker with GPUs offers them as GPU, unless the spec names that itself. */
    public static SortedMap<String, BigDecimal> offered(WorkersSpec spec) {
        var offered = new TreeMap<>(spec.daskResources());
        if (spec.gpu() > 0) {
            offered.putIfAbsent(DASK_GPU, BigDecimal.valueOf(spec.gpu()));
        }
        return offered;
    }

    static int threads(WorkersSpec spec) {
        if (spec.threads() != null) {
            return spec.threads();
        }
        var cpu = of(spec).getLimits().get("cpu");
        return cpu == null ? 1 : Math.clamp(Amounts.of(cpu).longValue(), 1, Integer.MAX_VALUE);
    }

    /** The memory limit in bytes, if there is one. */
    static Optional<BigDecimal> memory(WorkersSpec spec) {
        return Optional.ofNullable(of(spec).getLimits().get("memory"))
                .map(m -> Amounts.of(m).setScale(0, RoundingMode.DOWN));
    }

    /** Requests follow limits: 0.9 of the CPU, so that workers of whole cores fit nodes that keep a little back; all of the memory. */
    static ResourceRequirements of(WorkersSpec spec) {
        var wanted = spec.resources();
        var limits = wanted == null
                        || wanted.getLimits() == null
                        || wanted.getLimits().isEmpty() && wanted.getRequests().isEmpty()
                ? DEFAULT_LIMITS
                : wanted.getLimits();
        var requests = new TreeMap<String, Quantity>();
        if (limits.containsKey("cpu")) {
            var millis = Amounts.of(limits.get("cpu"))
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
                .withLimits(withGpus(limits, spec.gpu()))
                .withRequests(requests)
                .build();
    }

    private static Map<String, Quantity> withGpus(Map<String, Quantity> limits, int gpus) {
        var all = new TreeMap<>(limits);
        if (gpus > 0) {
            all.put(GPU, new Quantity(String.valueOf(gpus)));
        }
        return all;
    }
}
