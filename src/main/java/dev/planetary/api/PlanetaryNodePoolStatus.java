package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What became of a node pool. Which pools in Azure are its own is told by their tags, not by this. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PlanetaryNodePoolStatus(
        @JsonPropertyDescription("The metadata.generation this status speaks of.") Long observedGeneration,
        @JsonPropertyDescription(
                        "Pending: not there yet; Updating: AKS is at work on it; Ready: as the spec asks; Failed: somebody has to do something, see the"
                                + " condition Stalled; Deleting: on its way out.")
                Phase phase,
        @JsonPropertyDescription(
                        "Name of the agent pool in Azure: made of this object's uid and what of its spec cannot be changed in Azure. With mode: Karpenter,"
                                + " of the NodePool and the AKSNodeClass.")
                String poolName,
        @JsonPropertyDescription("The agent pool's provisioningState, as Azure says it.") String provisioningState,
        @JsonPropertyDescription(
                        "Nodes that Azure, or Karpenter, counts in the pool, and in one that it takes the place of.")
                Integer nodes,
        @JsonPropertyDescription("Azure region of the nodes of an agent pool.") String region,
        @JsonPropertyDescription(
                        "After a trouble: when it is tried again (RFC 3339); a change of the spec is tried at once.")
                String retryAt,
        @JsonPropertyDescription(
                        "Ready always: True when the pool is as the spec asks, also with no node; Reconciling, Stalled (kstatus) only while true.")
                List<Condition> conditions) {

    public static final PlanetaryNodePoolStatus NOTHING =
            new PlanetaryNodePoolStatus(null, null, null, null, null, null, null, null);

    public PlanetaryNodePoolStatus {
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
    }

    /** One word for people. */
    public enum Phase {
        Pending,
        Updating,
        Ready,
        Failed,
        Deleting
    }

    public Optional<Condition> condition(String type) {
        return conditions.stream().filter(c -> c.type().equals(type)).findFirst();
    }

    /** {@link #retryAt}, if there is a trouble that stands. */
    @JsonIgnore
    public Optional<Instant> retry() {
        return Optional.ofNullable(retryAt).map(Instant::parse);
    }
}
