package dev.planetary.observe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.planetary.desired.RunnerPod;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The pod of one attempt.
 *
 * @param pod      as cached, or as read
 * @param deleting a deletion was sent or seen
 */
public record ObservedRunner(Pod pod, boolean deleting) {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** For kubelets that are late and clocks that differ. */
    private static final Duration SLACK = Duration.ofSeconds(30);
    /** Reasons by which the kubelet and others end a pod that did nothing wrong. */
    private static final Set<String> DISRUPTIONS = Set.of(
            "Evicted",
            "Preempting",
            "NodeLost",
            "NodeShutdown",
            "Shutdown",
            "Terminated",
            "UnexpectedAdmissionError",
            "NodeAffinity",
            "OutOfcpu",
            "OutOfmemory",
            "OutOfpods",
            "OutOfephemeral-storage");

    /**
     * How the program ended.
     *
     * @param code   exit code
     * @param result what it left
     * @param words  the end of its output, if it failed; and what the runner adds
     */
    public record Exit(int code, Optional<String> result, String words) {}

    public String name() {
        return pod.getMetadata().getName();
    }

    public String uid() {
        return pod.getMetadata().getUid();
    }

    /** Nothing runs in it any more, and nothing will. */
    public boolean finished() {
        return exit().isPresent() || "Succeeded".equals(phase()) || "Failed".equals(phase());
    }

    /** When the program started. */
    public Optional<Instant> started() {
        return state().map(s -> s.getRunning() != null
                        ? s.getRunning().getStartedAt()
                        : s.getTerminated() != null ? s.getTerminated().getStartedAt() : null)
                .map(Instant::parse);
    }

    /** When the program ended. */
    public Optional<Instant> ended() {
        return state().map(ContainerState::getTerminated)
                .map(ContainerStateTerminated::getFinishedAt)
                .map(Instant::parse);
    }

    /** Its container has begun, whenever that was. */
    public boolean begun() {
        return state().filter(s -> s.getRunning() != null || s.getTerminated() != null)
                .isPresent();
    }

    /** A template's sidecars may go on. */
    public Optional<Exit> exit() {
        return state().map(ContainerState::getTerminated)
                .filter(t -> t.getExitCode() != null)
                .map(t -> exit(t.getExitCode(), t.getReason(), t.getMessage()));
    }

    /** Why Kubernetes took it away, if it did; an exit code says nothing then. */
    public Optional<String> disrupted() {
        var status = pod.getStatus();
        if (status == null || !"Failed".equals(phase())) {
            return Optional.empty();
        }
        var target = status.getConditions() == null
                ? Optional.<String>empty()
                : status.getConditions().stream()
                        .filter(c -> "DisruptionTarget".equals(c.getType()) && "True".equals(c.getStatus()))
                        .map(c -> c.getReason() + (c.getMessage() == null ? "" : ": " + c.getMessage()))
                        .findFirst();
        return target.or(() -> Optional.ofNullable(status.getReason())
                        .filter(DISRUPTIONS::contains)
                        .map(r -> r + (status.getMessage() == null ? "" : ": " + status.getMessage())))
                .map(Quoted::beginning);
    }

    /** It should be gone since a while: its node is not there to end it. */
    public boolean lost(Instant now) {
        return deadline().filter(now::isAfter).isPresent();
    }

    /** When it will count as lost. */
    public Optional<Instant> deadline() {
        return Optional.ofNullable(pod.getMetadata().getDeletionTimestamp())
                .map(Instant::parse)
                .map(at -> at.plus(SLACK));
    }

    /** What keeps it from starting. */
    public Optional<PodTrouble> trouble() {
        return PodTrouble.of(new ObservedPod(pod, deleting, Optional.empty(), false, false));
    }

    /** What a pod says that failed without a word of its container. */
    public String lastWords() {
        return PodTrouble.lastWords(new ObservedPod(pod, deleting, Optional.empty(), false, false));
    }

    public String templates() {
        var annotations = pod.getMetadata().getAnnotations();
        return annotations == null ? "" : annotations.getOrDefault(dev.planetary.desired.Labels.SPEC_HASH, "");
    }

    private static Exit exit(int code, String reason, String message) {
        var told = message == null ? "" : message;
        var json = read(told);
        if (json.isEmpty()) {
            return new Exit(code, Optional.empty(), killed(reason) + Quoted.lastWords(told));
        }
        var words = text(json.get(), "tail")
                .or(() -> text(json.get(), "note"))
                .map(Quoted::lastWords)
                .orElse("");
        return new Exit(code, text(json.get(), "result"), killed(reason) + words);
    }

    private static String killed(String reason) {
        return "OOMKilled".equals(reason) ? "OOMKilled (raise spec.resources.limits.memory): " : "";
    }

    private static Optional<JsonNode> read(String message) {
        try {
            return Optional.ofNullable(JSON.readTree(message)).filter(JsonNode::isObject);
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> text(JsonNode object, String field) {
        return Optional.of(object.path(field)).filter(JsonNode::isTextual).map(JsonNode::asText);
    }

    private Optional<ContainerState> state() {
        return statuses().stream()
                .filter(c -> RunnerPod.CONTAINER.equals(c.getName()))
                .map(ContainerStatus::getState)
                .filter(java.util.Objects::nonNull)
                .findFirst();
    }

    private List<ContainerStatus> statuses() {
        return pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null
                ? List.of()
                : pod.getStatus().getContainerStatuses();
    }

    private String phase() {
        return pod.getStatus() == null || pod.getStatus().getPhase() == null
                ? "Pending"
                : pod.getStatus().getPhase();
    }
}
