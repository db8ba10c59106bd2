package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.LabelSelector;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** Which nodes there are to be, and who may use them. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PlanetaryNodePoolSpec(
        @JsonPropertyDescription(
                        "Size of the machines, such as Standard_D8s_v5. Another size is another pool: it is made first, then the old one goes.")
                @Required
                @Size(min = 1, max = 64)
                String vmSize,
        @JsonPropertyDescription(
                        "How nodes come to be. AgentPool: an AKS agent pool with its autoscaler. Karpenter: a NodePool and an AKSNodeClass, from which"
                                + " AKS's node auto-provisioning makes machines, where that is switched on; without minNodes, zones and spotMaxPrice."
                                + " It cannot be changed. Default: AgentPool.")
                Mode mode,
        @JsonPropertyDescription(
                        "Regular, or Spot: cheap machines that Azure may take back within 30 seconds; only workers with spot: Prefer or Require"
                                + " run there. A change replaces the pool. Default: Regular.")
                Priority priority,
        @JsonPropertyDescription(
                        "With priority: Spot, the most that an hour of one machine may cost, in US dollars; -1: as much as a regular one."
                                + " A change replaces the pool. Default: -1.")
                BigDecimal spotMaxPrice,
        @JsonPropertyDescription("The fewest nodes, also when no pod wants them. Default: 0.") @Min(0) @Max(1000)
                Integer minNodes,
        @JsonPropertyDescription("The most nodes; at least minNodes. It bounds what the pool can cost.")
                @Required
                @Min(1)
                @Max(1000)
                Integer maxNodes,
        @JsonPropertyDescription(
                        "Availability zones that machines come from. A change replaces the pool. Default: none in particular, which finds"
                                + " capacity most easily.")
                @Size(max = 8)
                List<String> zones,
        @JsonPropertyDescription("More labels of the nodes. Default: none.") Map<String, String> labels,
        @JsonPropertyDescription(
                        "More taints of the nodes, which workers tolerate by their template. planetary.dev/node-pool=<name>:NoSchedule, which keeps other"
                                + " pods off, is always there. Default: none.")
                @Size(max = 16)
                List<Taint> taints,
        @JsonPropertyDescription("More tags of the pool in Azure, such as a cost centre. Default: none.")
                Map<String, String> tags,
        @JsonPropertyDescription(
                        "Size of the system disk in GB (2^30 bytes). A change replaces the pool. Default: AKS chooses, an ephemeral disk where the size has room for one.")
                @Min(30)
                @Max(2048)
                Integer osDiskSizeGB,
        @JsonPropertyDescription(
                        "GPUs of one machine of that size. From one on, the nodes have AKS's taint sku=gpu:NoSchedule, which workers with gpu tolerate. Default: 0.")
                @Min(0)
                @Max(16)
                Integer gpu,
        @JsonPropertyDescription(
                        "Namespaces whose clusters may use the pool, by their labels; kubernetes.io/metadata.name is a namespace's name. {} means all. Default: none.")
                LabelSelector allowedNamespaces,
        @JsonPropertyDescription(
                        "What becomes of the pool in Azure when this object is deleted. Delete: its nodes are drained and freed, and the object stays until"
                                + " they are; Orphan: it stays, and is nobody's. Default: Delete.")
                DeletionPolicy deletionPolicy) {

    public PlanetaryNodePoolSpec {
        mode = mode == null ? Mode.AgentPool : mode;
        priority = priority == null ? Priority.Regular : priority;
        minNodes = minNodes == null ? 0 : minNodes;
        zones = zones == null ? List.of() : zones.stream().sorted().toList();
        labels = Copies.ordered(labels);
        taints = taints == null ? List.of() : List.copyOf(taints);
        tags = Copies.ordered(tags);
        gpu = gpu == null ? 0 : gpu;
        deletionPolicy = deletionPolicy == null ? DeletionPolicy.Delete : deletionPolicy;
    }

    /** How nodes come to be. */
    public enum Mode {
        AgentPool,
        Karpenter
    }

    /** Whether the cloud may take machines back. */
    public enum Priority {
        Regular,
        Spot
    }

    /** What becomes of the pool when its object goes. */
    public enum DeletionPolicy {
        Delete,
        Orphan
    }

    /** What keeps pods off that do not tolerate it. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Taint(
            @JsonPropertyDescription("Its name.") @Required @Size(min = 1, max = 253) String key,
            @JsonPropertyDescription("Its value. Default: empty.") @Size(max = 63) String value,
            @JsonPropertyDescription("What it does to pods that do not tolerate it.") @Required Effect effect) {

        /** As AKS writes it. */
        public String inAzure() {
            return key + "=" + (value == null ? "" : value) + ":" + effect;
        }
    }

    /** What a taint does. */
    public enum Effect {
        NoSchedule,
        PreferNoSchedule,
        NoExecute
    }
}
