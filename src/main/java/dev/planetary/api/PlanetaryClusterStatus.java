package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.model.annotation.LabelSelector;
import io.fabric8.kubernetes.model.annotation.StatusReplicas;
import java.util.List;
import java.util.Optional;

/** What a Dask cluster is, as the operator last saw it. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PlanetaryClusterStatus(
        @JsonPropertyDescription("The metadata.generation this status speaks of.") Long observedGeneration,
        @JsonPropertyDescription(
                        "Pending: on its way up; Running: scheduler and all workers ready; Degraded: works, but not as asked;"
                                + " Suspended: no pods, as asked; Failed: cannot go on without a change, see condition Stalled.")
                Phase phase,
        @JsonPropertyDescription(
                        "Ready, SchedulerReady, WorkersReady always; Reconciling and Stalled only while true (kstatus).")
                List<Condition> conditions,
        @JsonPropertyDescription("The Dask scheduler.") SchedulerStatus scheduler,
        @JsonPropertyDescription("The default worker group.") WorkersStatus workers,
        @JsonPropertyDescription("All worker groups, the default one first.") List<GroupStatus> groups) {

    public PlanetaryClusterStatus {
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
        groups = groups == null ? List.of() : List.copyOf(groups);
    }

    public Optional<Condition> condition(String type) {
        return conditions.stream().filter(c -> c.type().equals(type)).findFirst();
    }

    /** One word for people and pipelines; programs that want more read the conditions. */
    public enum Phase {
        Pending,
        Running,
        Degraded,
        Suspended,
        Failed
    }

    /** The scheduler as clients need it. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record SchedulerStatus(
            @JsonPropertyDescription("Address for Dask clients in the cluster.") String address,
            @JsonPropertyDescription("Dask dashboard; wants the token of the client Secret.") String dashboardUrl,
            @JsonPropertyDescription("The pod that is the scheduler now.") String podName,
            @JsonPropertyDescription("How often its container was restarted; each time all results were lost.")
                    Integer restarts) {}

    /** Workers in numbers. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record WorkersStatus(
            @JsonPropertyDescription("Worker pods that are there, retiring ones left out.") @StatusReplicas
                    Integer replicas,
            @JsonPropertyDescription("Workers wanted.") Integer desired,
            @JsonPropertyDescription("Workers that the scheduler can use.") Integer ready,
            @JsonPropertyDescription("Workers on their way out.") Integer retiring,
            @JsonPropertyDescription("Label selector of the worker pods.") @LabelSelector String selector) {}

    /** A worker group in numbers. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record GroupStatus(
            @JsonPropertyDescription("Name of the group.") @Required String name,
            @JsonPropertyDescription("Workers wanted; autoscaling included.") Integer desired,
            @JsonPropertyDescription("Workers that the scheduler can use.") Integer ready,
            @JsonPropertyDescription("Workers on their way out.") Integer retiring) {}
}
