package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import dev.planetary.api.OnChange.Effect;
import io.fabric8.crd.generator.annotation.PreserveUnknownFields;
import io.fabric8.crd.generator.annotation.SchemaFrom;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
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
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription(
                        "Name of the group: at most 15 of a-z and 0-9, a letter first; not default, scheduler, client or runner."
                                + " Another name is another group.")
                @Size(min = 1, max = 15)
                String name,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "How many workers; 0 keeps none. Fewer than now: workers are retired, which moves their results to the others"
                                + " and lets running tasks end. Not read while autoscale is set. Default: 1.")
                @SpecReplicas
                @Default("1")
                @Min(0)
                @Max(10000)
                Integer replicas,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "Follow the work: up at once, down when fewer have been enough for a minute. Default: as many as replicas says.")
                Autoscale autoscale,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription(
                        "Container image of this group's workers, with the Python and Dask versions of the scheduler's. Default: spec.image.")
                @Size(min = 1, max = 1024)
                String image,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription("Threads of a worker (Dask nthreads). Default: the CPU limit, at least 1.")
                @Min(1)
                @Max(1024)
                Integer threads,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription(
                        "CPU and memory of a worker. Default limits: 1 CPU and 4Gi; default requests: 0.9 of the CPU limit"
                                + " and all of the memory limit.")
                ResourceRequirements resources,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription(
                        "GPUs of a worker: a limit of nvidia.com/gpu, tolerations of the taints nvidia.com/gpu and sku=gpu that keep other pods"
                                + " off GPU nodes, and the Dask resource GPU, unless daskResources names it. Default: 0.")
                @Min(0)
                @Max(64)
                Integer gpu,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription(
                        "How much of which abstract resource each worker offers to tasks that ask for it, such as GPU: 1"
                                + " (Dask worker resources). Default: none.")
                Map<String, BigDecimal> daskResources,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription(
                        "Spot nodes, which are cheap and may be taken back within 30 seconds: Never; Require: nothing else;"
                                + " Prefer: spot, and regular nodes for workers that find no place on spot within spotFallbackAfter."
                                + " Spot nodes are those with AKS's label and taint kubernetes.azure.com/scalesetpriority=spot. Default: Never.")
                Spot spot,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "With spot: Prefer, how long a worker may wait for a place on a spot node before one for regular nodes is made instead,"
                                + " in h, m and s, such as 90s, 5m or 1h30m; above 0s, at most 24h."
                                + " New workers of the group are then made for regular nodes for half an hour. Default: 5m.")
                @Size(max = 32)
                String spotFallbackAfter,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription(
                        "Name of a PlanetaryNodePool whose nodes the workers run on, if it allows this namespace. Of a pool of spot machines, with spot:"
                                + " Require, or with Prefer, whose workers that find no place go to regular nodes outside the pool. Taints that the pool"
                                + " adds are tolerated by template. Default: any node that the cluster's scheduler chooses.")
                @Size(min = 1, max = 40)
                String nodePool,
        @OnChange(Effect.LIVE) @JsonPropertyDescription("How workers are replaced when their spec changes.")
                Rollout rollout,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription(
                        "Longest wait for running tasks and for results to move when a worker leaves, in h, m and s, such as 90s, 5m or 1h30m;"
                                + " above 0s, at most 24h."
                                + " Default: 5m; 25s with spot, for a spot node gives 30 seconds.")
                @Size(max = 32)
                String drainTimeout,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription(
                        "metadata and spec of a pod, laid over the operator's: maps merge deeply; containers, initContainers,"
                                + " volumes and env by name, volumeMounts by mountPath; tolerations are added; other lists replace. The Dask container is named dask."
                                + " restartPolicy, owner, identity labels and TLS stay the operator's. A change replaces the workers one by one.")
                @PreserveUnknownFields
                @SchemaFrom(type = AnyType.class)
                Map<String, Object> template) {

    private static final Duration SPOT_PATIENCE = Duration.ofMinutes(5);

    public static final WorkersSpec DEFAULT = of(null);

    public WorkersSpec {
        replicas = replicas == null ? 1 : replicas;
        gpu = gpu == null ? 0 : gpu;
        daskResources = Copies.plain(daskResources);
        rollout = rollout == null ? Rollout.DEFAULT : rollout;
        spot = spot == null ? Spot.Never : spot;
        drainTimeout = drainTimeout == null ? spot == Spot.Never ? "5m" : "25s" : drainTimeout;
        template = Copies.ordered(template);
    }

    /** A group of so many workers, with every other default; null: the default. */
    public static WorkersSpec of(Integer replicas) {
        return new WorkersSpec(null, replicas, null, null, null, null, null, null, null, null, null, null, null, null);
    }

    /** {@link #drainTimeout} as a duration. */
    public Duration drain() {
        return Durations.parse(drainTimeout);
    }

    /** {@link #spotFallbackAfter} as a duration; its default is not filled in above, for it must stand beside Prefer alone. */
    public Duration spotPatience() {
        return spotFallbackAfter == null ? SPOT_PATIENCE : Durations.parse(spotFallbackAfter);
    }

    /** Bounds of autoscaling. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Autoscale(
            @OnChange(Effect.LIVE)
                    @JsonPropertyDescription("The fewest workers, also of an idle cluster. Default: 0.")
                    @Min(0)
                    @Max(10000)
                    Integer min,
            @OnChange(Effect.LIVE)
                    @JsonPropertyDescription("The most workers; at least min.")
                    @Required
                    @Min(1)
                    @Max(10000)
                    Integer max) {
        public Autoscale {
            min = min == null ? 0 : min;
        }
    }

    /** Whether workers run on nodes that the cloud may take back. */
    public enum Spot {
        Never,
        Prefer,
        Require
    }

    /** How many workers may be too many, and how many may be missing, while workers are replaced. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Rollout(
            @OnChange(Effect.LIVE)
                    @JsonPropertyDescription("So many workers more than wanted while they are replaced. Default: 1.")
                    @Min(0)
                    @Max(10000)
                    Integer maxSurge,
            @OnChange(Effect.LIVE)
                    @JsonPropertyDescription("So many workers fewer than wanted while they are replaced. Default: 0.")
                    @Min(0)
                    @Max(10000)
                    Integer maxUnavailable) {
        static final Rollout DEFAULT = new Rollout(null, null);

        public Rollout {
            maxUnavailable = maxUnavailable == null ? 0 : maxUnavailable;
            maxSurge = maxSurge == null ? 1 : maxSurge;
        }
    }
}
