package dev.planetary.observe;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Why a pod does not come up, in Kubernetes' own words.
 *
 * @param pod     its name
 * @param reason  CamelCase, as Kubernetes gives it: Unschedulable, ImagePullBackOff, CrashLoopBackOff …
 * @param message for people; secrets of signed URLs are taken out
 */
public record PodTrouble(String pod, String reason, String message) {
    /** Reasons of a waiting container that say no more than "it takes its time". */
    private static final Set<String> PATIENCE = Set.of("ContainerCreating", "PodInitializing");

    /** The most telling trouble among pods: what ran and crashed first, then what cannot start, then what has no place. */
    public static Optional<PodTrouble> worst(List<ObservedPod> pods) {
        return pods.stream()
                .map(PodTrouble::of)
                .flatMap(Optional::stream)
                .min(Comparator.<PodTrouble>comparingInt(
                                t -> t.reason.equals("CrashLoopBackOff") ? 0 : t.unschedulable() ? 2 : 1)
                        .thenComparing(PodTrouble::pod));
    }

    /** It finds no node. */
    public boolean unschedulable() {
        return reason.equals("Unschedulable");
    }

    /** Empty while nothing speaks against the pod coming up. */
    public static Optional<PodTrouble> of(ObservedPod pod) {
        if (!pod.live()) {
            return Optional.empty();
        }
        return pod.containers().stream()
                .map(c -> of(pod.name(), c))
                .flatMap(Optional::stream)
                .findFirst()
                .or(() -> unschedulable(pod));
    }

    /** What a finished container said, for the event of a replaced pod. */
    public static String lastWords(ObservedPod pod) {
        var status = pod.pod().getStatus();
        var reason = status == null || status.getReason() == null ? "" : status.getReason() + ": ";
        var message = status == null || status.getMessage() == null ? "" : status.getMessage();
        var exit = pod.containers().stream()
                .map(c -> c.getState() == null ? null : c.getState().getTerminated())
                .filter(java.util.Objects::nonNull)
                .map(PodTrouble::exit)
                .findFirst()
                .orElse("");
        return (Quoted.end(reason + message) + " " + exit).strip();
    }

    private static Optional<PodTrouble> of(String pod, ContainerStatus container) {
        var state = container.getState();
        var last = container.getLastState() == null
                ? null
                : container.getLastState().getTerminated();
        if (state != null
                && state.getWaiting() != null
                && state.getWaiting().getReason() != null
                && !PATIENCE.contains(state.getWaiting().getReason())) {
            var waiting = state.getWaiting();
            var why = waiting.getMessage() == null ? "" : waiting.getMessage();
            var reason = waiting.getReason().equals("ErrImagePull") ? "ImagePullBackOff" : waiting.getReason();
            return Optional.of(new PodTrouble(pod, reason, last == null ? Quoted.end(why) : exit(last)));
        }
        // Between two restarts it has just ended, or runs anew for the moment: one cause, one reason, so that readers
        // see no flutter.
        var ended = state != null && state.getTerminated() != null ? state.getTerminated() : last;
        return ended == null || ended.getExitCode() == null || ended.getExitCode() == 0
                ? Optional.empty()
                : Optional.of(new PodTrouble(pod, "CrashLoopBackOff", exit(ended)));
    }

    private static Optional<PodTrouble> unschedulable(ObservedPod pod) {
        var status = pod.pod().getStatus();
        return status == null || status.getConditions() == null
                ? Optional.empty()
                : status.getConditions().stream()
                        .filter(c -> "PodScheduled".equals(c.getType()) && "False".equals(c.getStatus()))
                        .map(c -> new PodTrouble(
                                pod.name(),
                                c.getReason() == null ? "Unschedulable" : c.getReason(),
                                Quoted.end(c.getMessage() == null ? "" : c.getMessage())))
                        .findFirst();
    }

    private static String exit(ContainerStateTerminated ended) {
        var said =
                ended.getMessage() == null || ended.getMessage().isBlank() ? "" : ": " + Quoted.end(ended.getMessage());
        return "exit code " + ended.getExitCode()
                + ("OOMKilled".equals(ended.getReason()) ? " (OOMKilled: raise the memory limit)" : "") + said;
    }
}
