package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import dev.planetary.api.OnChange.Effect;
import io.fabric8.crd.generator.annotation.PreserveUnknownFields;
import io.fabric8.crd.generator.annotation.SchemaFrom;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.AnyType;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.List;
import java.util.Map;

/** The scheduler's pod and Service. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SchedulerSpec(
        @OnChange(Effect.REPLACES_SCHEDULER)
                @JsonPropertyDescription(
                        "CPU and memory of the scheduler. Default: requests of 0.25 CPU and 512Mi, a memory limit of 2Gi.")
                ResourceRequirements resources,
        @OnChange(Effect.REPLACES_SCHEDULER)
                @JsonPropertyDescription(
                        "metadata and spec of a pod, laid over the operator's: maps merge deeply; containers, initContainers,"
                                + " volumes and env by name, volumeMounts by mountPath; tolerations are added; other lists replace. The Dask container is named dask."
                                + " restartPolicy, owner, identity labels and TLS stay the operator's. A change replaces the scheduler, and with it all results.")
                @PreserveUnknownFields
                @SchemaFrom(type = AnyType.class)
                Map<String, Object> template,
        @OnChange(Effect.LIVE) @JsonPropertyDescription("How the scheduler's Service is exposed.") Service service,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "Whether the scheduler may be evicted, as kubectl drain and a node's upgrade do; all results go with it. Allow: at any time."
                                + " UntilIdle: not while a task runs or waits, nor for a minute afterwards; a PodDisruptionBudget <name>-scheduler is"
                                + " there so long, and a drain waits. It does not help against the loss of a node. Default: Allow.")
                Disruption disruption) {

    public static final SchedulerSpec DEFAULT = new SchedulerSpec(null, null, null, null);

    public SchedulerSpec {
        template = Copies.ordered(template);
        service = service == null ? Service.DEFAULT : service;
    }

    /** {@link #disruption}; its default is not filled in above, for hashes of accepted specs must stay what they are. */
    public boolean keptUntilIdle() {
        return disruption == Disruption.UntilIdle;
    }

    /** When the scheduler may be evicted. */
    public enum Disruption {
        Allow,
        UntilIdle
    }

    /** The scheduler's Service. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Service(
            @JsonPropertyDescription(
                            "ClusterIP: reachable inside the cluster only. LoadBalancer: beside it, a Service <name>-external with"
                                    + " port 8786 (Dask with mutual TLS) and no other, internal to the virtual network by default."
                                    + " Default: ClusterIP.")
                    Type type,
            @JsonPropertyDescription(
                            "Annotations of the Service, of the one for the load balancer if there is one. Default there:"
                                    + " service.beta.kubernetes.io/azure-load-balancer-internal: \"true\"; with \"false\" it is public,"
                                    + " and loadBalancerSourceRanges are required. Other clouds have other annotations.")
                    Map<String, String> annotations,
            @JsonPropertyDescription(
                            "Address ranges (CIDR) that may reach a LoadBalancer. Default: whoever reaches it, as far as mutual TLS lets them.")
                    @Size(max = 64)
                    List<String> loadBalancerSourceRanges) {

        static final Service DEFAULT = new Service(null, null, null);

        public Service {
            type = type == null ? Type.ClusterIP : type;
            annotations = Copies.ordered(annotations);
            loadBalancerSourceRanges =
                    loadBalancerSourceRanges == null ? List.of() : List.copyOf(loadBalancerSourceRanges);
        }

        /** Kubernetes Service types that make sense here. */
        public enum Type {
            ClusterIP,
            LoadBalancer
        }
    }
}
