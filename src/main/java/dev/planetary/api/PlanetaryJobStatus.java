package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How far a job is. All that must be remembered of it is here, and is written before it is acted upon: the present attempt is number
 * {@code attempts - 1}, and under way while the phase is Starting or Running.
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PlanetaryJobStatus(
        @JsonPropertyDescription("The metadata.generation this status speaks of.") Long observedGeneration,
        @JsonPropertyDescription(
                        "Pending: waits for its cluster; Suspended: no pods, as asked; Starting: the runner's pod is on its way up; Running: the program"
                                + " runs; Succeeded: it ended with exit code 0; Failed: it did not, and is not run again. Succeeded and Failed are final.")
                Phase phase,
        @JsonPropertyDescription("Why it is in this phase, as one CamelCase word.") String reason,
        @JsonPropertyDescription("Why, in words; of a failure the end of the program's output.") String message,
        @JsonPropertyDescription("Attempts begun, the present one and those not charged included.") Integer attempts,
        @JsonPropertyDescription("Attempts that failed and are charged to spec.retries.") Integer failures,
        @JsonPropertyDescription(
                        "Attempts whose runner was evicted, preempted, deleted or lost with its node; the first three are not charged to spec.retries.")
                Integer interruptions,
        @JsonPropertyDescription("The cluster it runs on.") String clusterName,
        @JsonPropertyDescription("The runner's pod of the present attempt, or of the last one.") String podName,
        @JsonPropertyDescription("Its uid; not told until it is known to have been made.") String podUid,
        @JsonPropertyDescription(
                        "The process of the scheduler that the present attempt began with; another one knows nothing of its tasks.")
                String schedulerBoot,
        @JsonPropertyDescription(
                        "Since when it has waited for a runner to run (RFC 3339); startDeadline counts from then.")
                String waitingSince,
        @JsonPropertyDescription(
                        "When the program first started, since suspend if there was one (RFC 3339); activeDeadline counts from then.")
                String startTime,
        @JsonPropertyDescription("When it ended (RFC 3339).") String completionTime,
        @JsonPropertyDescription("From startTime to completionTime, such as 1h2m3s.") String duration,
        @JsonPropertyDescription("This job's own tasks on the cluster; written at most once in 10 seconds.")
                Progress progress,
        @JsonPropertyDescription(
                        "What the program left in $PLANETARY_RESULT_FILE, or else the last line of its output if that is JSON; at most 3 KiB.")
                String result,
        @JsonPropertyDescription(
                        "Ready always: True when it succeeded or is suspended; Complete or Failed at the end; Reconciling, Stalled (kstatus) only while true; DataLocal where the job"
                                + " names its data and its cluster is there.")
                List<Condition> conditions) {

    public static final PlanetaryJobStatus NOTHING = new PlanetaryJobStatus(
            null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

    public PlanetaryJobStatus {
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
    }

    /** One word for people and pipelines. */
    public enum Phase {
        Pending,
        Suspended,
        Starting,
        Running,
        Succeeded,
        Failed;

        public boolean isFinal() {
            return this == Succeeded || this == Failed;
        }

        /** An attempt is under way. */
        public boolean isAttempt() {
            return this == Starting || this == Running;
        }
    }

    /** Tasks in numbers. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Progress(
            @JsonPropertyDescription("Tasks that ended.") @Required Long done,
            @JsonPropertyDescription("Tasks known so far; it grows as the program submits more.") @Required Long total,
            @JsonPropertyDescription("done in percent of total, rounded down.") @Required Integer percent) {

        /** Of so many tasks. */
        public static Progress of(long done, long total) {
            return new Progress(done, total, total <= 0 ? 0 : (int) Math.min(100, done * 100 / total));
        }
    }

    public Optional<Condition> condition(String type) {
        return conditions.stream().filter(c -> c.type().equals(type)).findFirst();
    }

    @JsonIgnore
    public boolean isFinal() {
        return phase != null && phase.isFinal();
    }

    @JsonIgnore
    public boolean isAttempt() {
        return phase != null && phase.isAttempt();
    }

    /** How many attempts were begun. */
    @JsonIgnore
    public int begun() {
        return attempts == null ? 0 : attempts;
    }

    @JsonIgnore
    public int failed() {
        return failures == null ? 0 : failures;
    }

    @JsonIgnore
    public int interrupted() {
        return interruptions == null ? 0 : interruptions;
    }

    @JsonIgnore
    public Optional<Instant> waiting() {
        return time(waitingSince);
    }

    @JsonIgnore
    public Optional<Instant> started() {
        return time(startTime);
    }

    @JsonIgnore
    public Optional<Instant> completed() {
        return time(completionTime);
    }

    private static Optional<Instant> time(String text) {
        return Optional.ofNullable(text).map(Instant::parse);
    }
}
