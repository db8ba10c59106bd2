package dev.planetary.observe;

import dev.planetary.dask.WorkerState;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A pod of the cluster, with what the scheduler knows of it.
 *
 * @param pod      as cached
 * @param deleting a deletion was sent or seen
 * @param worker   what the scheduler says of the worker in it; empty for the scheduler's pod, for a worker that never registered,
 *                 and while the scheduler does not answer
 * @param asked    it was asked to retire a moment ago
 * @param retired  the scheduler has closed it after its results were moved; its process is about to end
 * @param leaves   why it should leave its node, which announces its end
 */
public record ObservedPod(
        Pod pod,
        boolean deleting,
        Optional<WorkerState> worker,
        boolean asked,
        boolean retired,
        Optional<String> leaves) {

    /** On a node that stays. */
    public ObservedPod(Pod pod, boolean deleting, Optional<WorkerState> worker, boolean asked, boolean retired) {
        this(pod, deleting, worker, asked, retired, Optional.empty());
    }

    public String name() {
        return pod.getMetadata().getName();
    }

    public String uid() {
        return pod.getMetadata().getUid();
    }

    public boolean isScheduler() {
        return Labels.SCHEDULER.equals(label(Labels.COMPONENT));
    }

    public String group() {
        return label(Labels.GROUP);
    }

    public boolean madeFrom(String hash) {
        var annotations = pod.getMetadata().getAnnotations();
        return annotations != null && hash.equals(annotations.get(Labels.SPEC_HASH));
    }

    /** Its Dask container ended without an error, and is not started again; a template's sidecars may go on. */
    public boolean succeeded() {
        return "Succeeded".equals(phase())
                || !isScheduler()
                        && "Running".equals(phase())
                        && dask().filter(c ->
                                        c.getState() != null && c.getState().getTerminated() != null)
                                .filter(c -> Integer.valueOf(0)
                                        .equals(c.getState().getTerminated().getExitCode()))
                                .isPresent();
    }

    public boolean failed() {
        return "Failed".equals(phase());
    }

    /** Its containers ended for good. */
    public boolean finished() {
        return succeeded() || failed();
    }

    /** There, and not on its way out by Kubernetes' hand. */
    public boolean live() {
        return !deleting && !finished();
    }

    /** It waits for a node. */
    public boolean unplaced() {
        return live()
                && !started()
                && (pod.getSpec() == null || pod.getSpec().getNodeName() == null)
                && (pod.getStatus() == null
                        || pod.getStatus().getConditions() == null
                        || pod.getStatus().getConditions().stream()
                                .noneMatch(c -> "PodScheduled".equals(c.getType()) && "True".equals(c.getStatus())));
    }

    /** Whether it was made for this kind of node, in a group that may use spot nodes. */
    public boolean madeFor(String capacity) {
        return capacity.equals(label(Labels.CAPACITY));
    }

    public Instant created() {
        return Instant.parse(pod.getMetadata().getCreationTimestamp());
    }

    /** A container ran in it, so it may hold results and run tasks. */
    public boolean started() {
        return !"Pending".equals(phase())
                || dask().filter(c -> c.getRestartCount() > 0
                                || c.getState() != null
                                        && (c.getState().getRunning() != null
                                                || c.getState().getTerminated() != null))
                        .isPresent();
    }

    public boolean ready() {
        return live()
                && pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus()));
    }

    /** The scheduler is moving its results away, or has closed it. */
    public boolean retiring() {
        return asked || retired || worker.filter(WorkerState::retiring).isPresent();
    }

    /** The scheduler gives it tasks. */
    public boolean usable() {
        return live() && !retiring() && worker.filter(WorkerState::usable).isPresent();
    }

    /** How often containers were restarted in place. */
    public int restarts() {
        return containers().stream().mapToInt(ContainerStatus::getRestartCount).sum();
    }

    public Optional<String> ip() {
        return pod.getStatus() == null
                ? Optional.empty()
                : Optional.ofNullable(pod.getStatus().getPodIP());
    }

    /** When Kubernetes promised that it would be gone. */
    public Optional<Instant> deadline() {
        return Optional.ofNullable(pod.getMetadata().getDeletionTimestamp()).map(Instant::parse);
    }

    List<ContainerStatus> containers() {
        return pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null
                ? List.of()
                : pod.getStatus().getContainerStatuses();
    }

    List<ContainerStatus> initContainers() {
        return pod.getStatus() == null || pod.getStatus().getInitContainerStatuses() == null
                ? List.of()
                : pod.getStatus().getInitContainerStatuses();
    }

    private Optional<ContainerStatus> dask() {
        return containers().stream().filter(c -> "dask".equals(c.getName())).findFirst();
    }

    private String phase() {
        return pod.getStatus() == null || pod.getStatus().getPhase() == null
                ? "Pending"
                : pod.getStatus().getPhase();
    }

    private String label(String key) {
        var labels = pod.getMetadata().getLabels();
        return labels == null ? "" : labels.getOrDefault(key, "");
    }
}
