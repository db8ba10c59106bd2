package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.model.annotation.LabelSelector;
import io.fabric8.kubernetes.model.annotation.StatusReplicas;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** What a Dask cluster is, as the operator last saw it. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PlanetaryClusterStatus(
        @JsonPropertyDescription("The metadata.generation this status speaks of.") Long observedGeneration,
        @JsonPropertyDescription(
                        "Pending: on its way up; Running: scheduler and all workers ready; Degraded: works, but not as asked;"
                                + " Suspended: no pods, as asked; Stopped: no pods, for its time was up; Failed: cannot go on without a change, see condition Stalled.")
                Phase phase,
        @JsonPropertyDescription(
                        "Ready, SchedulerReady, WorkersReady always; DataLocal where spec.data names collections; Reconciling, Stalled (kstatus), ExpiresSoon,"
                                + " Limited, WaitsForNodes and TlsOff only while true.")
                List<Condition> conditions,
        @JsonPropertyDescription("The Dask scheduler.") SchedulerStatus scheduler,
        @JsonPropertyDescription("The default worker group.") WorkersStatus workers,
        @JsonPropertyDescription("All worker groups, the default one first.") List<GroupStatus> groups,
        @JsonPropertyDescription("When it was last made, resumed or started (RFC 3339); maxLifetime counts from then.")
                String startedAt,
        @JsonPropertyDescription(
                        "Since when nobody has used it (RFC 3339). Told only where an idleTimeout runs, and from one minute of idleness or the"
                                + " warning on: a cluster in use costs no writes.")
                String idleSince,
        @JsonPropertyDescription(
                        "When onExpiry happens if nobody uses it (RFC 3339): the earlier end of maxLifetime and, where idleSince is told, of idleTimeout.")
                String expiresAt,
        @JsonPropertyDescription("Since when it is stopped (RFC 3339), from before the first pod goes.")
                String stoppedAt,
        @JsonPropertyDescription(
                        "Why it was stopped: IdleTimeout, MaxLifetime, or JobEnded for the cluster of a job with clusterAfter: Stop.")
                StopReason stopReason,
        @JsonPropertyDescription("The metadata.generation that was stopped; a later one starts it.")
                Long stoppedGeneration) {

    public PlanetaryClusterStatus {
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
        groups = groups == null ? List.of() : List.copyOf(groups);
    }

    /** Before anything is known of its times. */
    public PlanetaryClusterStatus(
            Long observedGeneration,
            Phase phase,
            List<Condition> conditions,
            SchedulerStatus scheduler,
            WorkersStatus workers,
            List<GroupStatus> groups) {
        this(observedGeneration, phase, conditions, scheduler, workers, groups, null, null, null, null, null, null);
    }

    /** The same with another's times. */
    public PlanetaryClusterStatus withTimesOf(PlanetaryClusterStatus other) {
        return withTimes(other.started(), other.idle(), other.expires(), other.stop());
    }

    public PlanetaryClusterStatus withTimes(
            Optional<Instant> started, Optional<Instant> idle, Optional<Instant> expires, Optional<Stop> stop) {
        return new PlanetaryClusterStatus(
                observedGeneration,
                phase,
                conditions,
                scheduler,
                workers,
                groups,
                text(started),
                text(idle),
                text(expires),
                text(stop.map(Stop::at)),
                stop.map(Stop::reason).orElse(null),
                stop.map(Stop::generation).orElse(null));
    }

    @JsonIgnore
    public Optional<Instant> started() {
        return Optional.ofNullable(startedAt).map(Instant::parse);
    }

    @JsonIgnore
    public Optional<Instant> idle() {
        return Optional.ofNullable(idleSince).map(Instant::parse);
    }

    @JsonIgnore
    public Optional<Instant> expires() {
        return Optional.ofNullable(expiresAt).map(Instant::parse);
    }

    /** That it was stopped; kept until it starts again. */
    @JsonIgnore
    public Optional<Stop> stop() {
        return stoppedAt == null || stopReason == null || stoppedGeneration == null
                ? Optional.empty()
                : Optional.of(new Stop(Instant.parse(stoppedAt), stopReason, stoppedGeneration));
    }

    private static String text(Optional<Instant> time) {
        return time.map(t -> t.truncatedTo(ChronoUnit.SECONDS).toString()).orElse(null);
    }

    /**
     * A cluster's time was up.
     *
     * @param generation of the spec that was stopped
     */
    public record Stop(Instant at, StopReason reason, long generation) {}

    /** Which limit of the spec stopped it. */
    public enum StopReason {
        IdleTimeout("spec.idleTimeout"),
        MaxLifetime("spec.maxLifetime"),
        /** The job that it was made for has ended. */
        JobEnded("the job that it was made for");

        private final String field;

        StopReason(String field) {
            this.field = field;
        }

        public String field() {
            return field;
        }
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
        Stopped,
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
            @JsonPropertyDescription("Workers wanted, as far as limits of the namespace allow.") Integer desired,
            @JsonPropertyDescription("Workers that the scheduler can use.") Integer ready,
            @JsonPropertyDescription("Workers on their way out.") Integer retiring,
            @JsonPropertyDescription("Label selector of the worker pods.") @LabelSelector String selector) {}

    /** A worker group in numbers. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record GroupStatus(
            @JsonPropertyDescription("Name of the group.") @Required String name,
            @JsonPropertyDescription("Workers wanted; autoscaling and limits of the namespace included.")
                    Integer desired,
            @JsonPropertyDescription("Workers that the scheduler can use.") Integer ready,
            @JsonPropertyDescription("Workers on their way out.") Integer retiring) {}
}
