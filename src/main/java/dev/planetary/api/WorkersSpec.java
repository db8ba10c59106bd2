package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crd.generator.annotation.PreserveUnknownFields;
import io.fabric8.crd.generator.annotation.SchemaFrom;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.AnyType;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.model.annotation.SpecReplicas;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;

/** A group of Dask workers that are all alike. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record WorkersSpec(
        @JsonPropertyDescription(
                        "How many workers; 0 keeps the scheduler alone. Fewer than now: workers are retired, which moves their results to the others"
                                + " and lets running tasks end. Default: 1.")
                @SpecReplicas
                @Default("1")
                @Min(0)
                @Max(10000)
                Integer replicas,
        @JsonPropertyDescription("Threads of a worker (Dask nthreads). Default: the CPU limit, at least 1.")
                @Min(1)
                @Max(1024)
                Integer threads,
        @JsonPropertyDescription(
                        "CPU and memory of a worker. Default limits: 1 CPU and 4Gi; default requests: 0.9 of the CPU limit"
                                + " and all of the memory limit.")
                ResourceRequirements resources,
        @JsonPropertyDescription(
                        "How much of which abstract resource each worker offers to tasks that ask for it, such as GPU: 1"
                                + " (Dask worker resources). Default: none.")
                Map<String, BigDecimal> daskResources,
        @JsonPropertyDescription(
                        "Longest wait for running tasks and for results to move when a worker leaves, in h, m and s, such as 90s, 5m or 1h30m;"
                                + " above 0s, at most 24h."
                                + " Default: 5m.")
                @Size(max = 32)
                String drainTimeout,
        @JsonPropertyDescription(
                        "metadata and spec of a pod, laid over the operator's: maps merge deeply; containers, initContainers,"
                                + " volumes and env by name, volumeMounts by mountPath; other lists replace. The Dask container is named dask."
                                + " restartPolicy, owner, identity labels and TLS stay the operator's. A change replaces the workers one by one.")
                @PreserveUnknownFields
                @SchemaFrom(type = AnyType.class)
                Map<String, Object> template) {

    public static final WorkersSpec DEFAULT = new WorkersSpec(null, null, null, null, null, null);

    public WorkersSpec {
        replicas = replicas == null ? 1 : replicas;
        daskResources = Copies.ordered(daskResources);
        drainTimeout = drainTimeout == null ? "5m" : drainTimeout;
        template = Copies.ordered(template);
    }

    /** {@link #drainTimeout} as a duration. */
    public Duration drain() {
        return Durations.parse(drainTimeout);
    }
}
