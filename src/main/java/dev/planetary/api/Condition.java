package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** A Kubernetes condition (meta/v1 Condition). */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Condition(
        @JsonPropertyDescription("What is said, in CamelCase.") @Required String type,
        @JsonPropertyDescription("Whether it holds.") @Required Status status,
        @JsonPropertyDescription("The metadata.generation this was said of.") Long observedGeneration,
        @JsonPropertyDescription("When the status last changed (RFC 3339).") @Required String lastTransitionTime,
        @JsonPropertyDescription("Why, as one CamelCase word.") @Required String reason,
        @JsonPropertyDescription("Why, in words.") @Required String message) {

    public static final String READY = "Ready";
    public static final String SCHEDULER_READY = "SchedulerReady";
    public static final String WORKERS_READY = "WorkersReady";
    public static final String RECONCILING = "Reconciling";
    public static final String STALLED = "Stalled";
    /** Of a job: it succeeded. */
    public static final String COMPLETE = "Complete";
    /** Of a job: it did not, and is not run again. */
    public static final String FAILED = "Failed";
    /** Only while true: results will be discarded in a few minutes. Its last transition is when users were warned. */
    public static final String EXPIRES_SOON = "ExpiresSoon";
    /** Only while true: a limit of the namespace keeps it from having all that it asks for. */
    public static final String LIMITED = "Limited";

    /** Only with {@code spec.data}: the nodes of the cluster, or of the job's cluster, are in the region of its data. Unknown: data or nodes cannot be located. */
    public static final String DATA_LOCAL = "DataLocal";

    /** Only while true: workers wait for nodes of a node pool, which says why they are not there. */
    public static final String WAITS_FOR_NODES = "WaitsForNodes";

    /** Only while true: nothing but the network keeps anybody from running code in the cluster. */
    public static final String TLS_OFF = "TlsOff";

    /** A reason: a pass of the operator failed, and is tried again. */
    public static final String OPERATOR_ERROR = "OperatorError";

    /** The three values of a condition. */
    public enum Status {
        True,
        False,
        Unknown
    }
}
