package dev.planetary.reconcile;

import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;

/** Plays the nodes that runners are on, and their programs; and keeps a book of both. */
final class RunnersByThemselves implements ResourceEventHandler<Pod>, AutoCloseable {
    private final PodsByHand pods;
    private final IntFunction<Optional<Integer>> program;
    /** One after the other, so that nothing here needs a lock. */
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());

    private final Set<String> started = new HashSet<>();
    private final List<String> made = new CopyOnWriteArrayList<>();
    private final List<Integer> exits = new CopyOnWriteArrayList<>();
    private final SharedIndexInformer<Pod> informer;

    /** @param program exit code of the n-th run of all, from 1; empty: it runs until it is ended */
    RunnersByThemselves(Flow flow, IntFunction<Optional<Integer>> program) {
        pods = flow.pods();
        this.program = program;
        informer = flow.client()
                .pods()
                .inNamespace(flow.namespace())
                .withLabelSelector(Labels.OF_JOBS)
                .inform(this);
    }

    /** Names of the pods that were ever made, one for each making. */
    List<String> made() {
        return List.copyOf(made);
    }

    /** Exit codes of programs that ended by themselves. */
    List<Integer> exits() {
        return List.copyOf(exits);
    }

    @Override
    public void onAdd(Pod pod) {
        made.add(pod.getMetadata().getName());
        thread.execute(() -> seen(pod));
    }

    @Override
    public void onUpdate(Pod before, Pod pod) {
        thread.execute(() -> seen(pod));
    }

    @Override
    public void onDelete(Pod pod, boolean stateUnknown) {}

    @Override
    public void close() {
        informer.close();
        thread.shutdownNow();
    }

    private void seen(Pod pod) {
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            unlessGone(() -> pods.gone(pod));
        } else if (started.add(pod.getMetadata().getUid())) {
            unlessGone(() -> {
                pods.bind(pod);
                pods.run(pod);
                program.apply(started.size()).ifPresent(code -> {
                    exits.add(code);
                    pods.exit(pod, code, "{\"v\": 1, \"exit\": %d}".formatted(code));
                });
            });
        }
    }

    /** The operator and we delete at the same time. */
    private static void unlessGone(Runnable act) {
        try {
            act.run();
        } catch (KubernetesClientException e) {
            if (e.getCode() != 404 && e.getCode() != 409) {
                throw e;
            }
        }
    }
}
