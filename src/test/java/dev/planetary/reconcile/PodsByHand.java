package dev.planetary.reconcile;

import dev.planetary.desired.Labels;
import dev.planetary.desired.RunnerPod;
import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.DeleteOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.PodResource;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;

/** Plays kubelet and kube-scheduler: the API server alone leaves pods Pending for ever. */
final class PodsByHand {
    private final KubernetesClient client;
    private final String namespace;

    PodsByHand(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    /** A cluster's pods by its labels, oldest first. */
    List<Pod> of(String cluster) {
        return list(cluster, Labels.COMPONENT);
    }

    List<Pod> workers(String cluster) {
        return list(cluster, Labels.COMPONENT + "=" + Labels.WORKER);
    }

    List<Pod> schedulers(String cluster) {
        return list(cluster, Labels.COMPONENT + "=" + Labels.SCHEDULER);
    }

    List<String> workerNames(String cluster) {
        return workers(cluster).stream()
                .map(p -> p.getMetadata().getName())
                .sorted()
                .toList();
    }

    Pod get(String name) {
        return named(name).get();
    }

    /** As it was made: nothing speaks against it, nothing has happened. */
    void pending(Pod pod) {
        set(pod, status(pod, "Pending").build());
    }

    /** On a node, its container up, its probe passed. */
    void run(Pod pod) {
        // The address is what the operator asks a scheduler at; nobody listens there, the pretended ones go by uid.
        set(
                pod,
                status(pod, "Running")
                        .withPodIP("10.0.0.1")
                        .addNewPodIP()
                        .withIp("10.0.0.1")
                        .endPodIP()
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus("True")
                        .endCondition()
                        .addToContainerStatuses(container(pod)
                                .withReady(true)
                                .withNewState()
                                .withNewRunning()
                                .withStartedAt(now())
                                .endRunning()
                                .endState()
                                .build())
                        .build());
    }

    /** As {@link #run}, before the probe has passed. */
    void runUnready(Pod pod) {
        set(
                pod,
                status(pod, "Running")
                        .withPodIP("10.0.0.1")
                        .addNewPodIP()
                        .withIp("10.0.0.1")
                        .endPodIP()
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus("False")
                        .endCondition()
                        .build());
    }

    /** A runner's program has ended, and the runner has left a message. */
    void exit(Pod pod, int code, String message) {
        set(
                pod,
                status(pod, code == 0 ? "Succeeded" : "Failed")
                        .addToContainerStatuses(container(pod)
                                .withNewState()
                                .withNewTerminated()
                                .withExitCode(code)
                                .withReason(code == 0 ? "Completed" : "Error")
                                .withStartedAt(now())
                                .withFinishedAt(now())
                                .withMessage(message)
                                .endTerminated()
                                .endState()
                                .build())
                        .build());
    }

    /** Ended with an error, beyond what the kubelet restarts. */
    void fail(Pod pod) {
        set(
                pod,
                status(pod, "Failed")
                        .addToContainerStatuses(container(pod)
                                .withNewState()
                                .withNewTerminated()
                                .withExitCode(3)
                                .withReason("Error")
                                .withMessage("No module named 'dask'")
                                .endTerminated()
                                .endState()
                                .build())
                        .build());
    }

    /** As the kubelet leaves a pod that it had to evict. */
    void evict(Pod pod) {
        set(
                pod,
                status(pod, "Failed")
                        .withReason("Evicted")
                        .withMessage("The node was low on resource: memory.")
                        .build());
    }

    void succeed(Pod pod) {
        set(
                pod,
                status(pod, "Succeeded")
                        .addToContainerStatuses(container(pod)
                                .withNewState()
                                .withNewTerminated()
                                .withExitCode(0)
                                .withReason("Completed")
                                .endTerminated()
                                .endState()
                                .build())
                        .build());
    }

    void unschedulable(Pod pod) {
        set(
                pod,
                status(pod, "Pending")
                        .addNewCondition()
                        .withType("PodScheduled")
                        .withStatus("False")
                        .withReason("Unschedulable")
                        .withMessage("0/1 nodes are available: 1 Insufficient cpu.")
                        .endCondition()
                        .build());
    }

    void imagePullBackOff(Pod pod) {
        set(
                pod,
                status(pod, "Pending")
                        .addToContainerStatuses(container(pod)
                                .withNewState()
                                .withNewWaiting()
                                .withReason("ImagePullBackOff")
                                .withMessage("Back-off pulling image \"no/such:image\"")
                                .endWaiting()
                                .endState()
                                .build())
                        .build());
    }

    /** The pods of a job's attempts, in their order. */
    List<Pod> runners(String job) {
        return client.pods().inNamespace(namespace).withLabelSelector(Labels.JOB + "=" + job).list().getItems().stream()
                .sorted(Comparator.comparing(
                                (Pod p) -> p.getMetadata().getName().length())
                        .thenComparing(p -> p.getMetadata().getName()))
                .toList();
    }

    /** Somebody deletes it; without a node it is gone at once. */
    void delete(Pod pod) {
        named(pod.getMetadata().getName()).delete();
    }

    /** On a node: from now on a deletion leaves it Terminating until its kubelet has ended it. */
    void bind(Pod pod) {
        bind(pod, "a-node");
    }

    void bind(Pod pod, String node) {
        var meta = pod.getMetadata();
        client.raw(
                "/api/v1/namespaces/%s/pods/%s/binding".formatted(namespace, meta.getName()),
                "POST",
                new BindingBuilder()
                        .withNewMetadata()
                        .withName(meta.getName())
                        .withNamespace(namespace)
                        .endMetadata()
                        .withNewTarget()
                        .withKind("Node")
                        .withName(node)
                        .endTarget()
                        .build());
    }

    /** The kubelet has ended it; a new pod of that name is another. */
    void gone(Pod pod) {
        var meta = pod.getMetadata();
        var options = new DeleteOptionsBuilder()
                .withGracePeriodSeconds(0L)
                .withNewPreconditions()
                .withUid(meta.getUid())
                .endPreconditions()
                .build();
        client.raw("/api/v1/namespaces/%s/pods/%s".formatted(namespace, meta.getName()), "DELETE", options);
    }

    /** A change that means nothing to the operator but wakes it. */
    void poke(Pod pod, String value) {
        named(pod.getMetadata().getName()).edit(p -> p.edit()
                .editMetadata()
                .addToAnnotations("tests.planetary.dev/poke", value)
                .endMetadata()
                .build());
    }

    private List<Pod> list(String cluster, String selector) {
        return client
                .pods()
                .inNamespace(namespace)
                .withLabelSelector(Labels.CLUSTER + "=" + cluster + "," + selector)
                .list()
                .getItems()
                .stream()
                .sorted(Comparator.comparing((Pod p) -> p.getMetadata().getCreationTimestamp())
                        .thenComparing(p -> p.getMetadata().getName()))
                .toList();
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private PodResource named(String name) {
        return client.pods().inNamespace(namespace).withName(name);
    }

    private void set(Pod pod, PodStatus status) {
        named(pod.getMetadata().getName())
                .editStatus(
                        p -> p.getMetadata().getUid().equals(pod.getMetadata().getUid())
                                ? p.edit().withStatus(status).build()
                                : p);
    }

    private static PodStatusBuilder status(Pod pod, String phase) {
        return new PodStatusBuilder()
                .withPhase(phase)
                .withQosClass(pod.getStatus().getQosClass());
    }

    static boolean isRunner(Pod pod) {
        return Labels.RUNNER.equals(pod.getMetadata().getLabels().get(Labels.COMPONENT));
    }

    private static ContainerStatusBuilder container(Pod pod) {
        return new ContainerStatusBuilder()
                .withName(isRunner(pod) ? RunnerPod.CONTAINER : "dask")
                .withImage(pod.getSpec().getContainers().getFirst().getImage())
                .withImageID("")
                .withRestartCount(0)
                .withReady(false);
    }
}
