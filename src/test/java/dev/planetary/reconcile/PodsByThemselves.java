package dev.planetary.reconcile;

import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Plays nodes and Dask without anybody's help: pods start, workers register, leave when they are asked to, and end with their scheduler;
 * a pod that is deleted is gone a moment later.
 */
final class PodsByThemselves implements ResourceEventHandler<Pod>, AutoCloseable {
    private final PodsByHand pods;
    private final PretendSchedulers schedulers;
    /** One after the other, so that nothing here needs a lock. */
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());

    private final Map<String, Pod> running = new LinkedHashMap<>();
    private final Set<String> started = new HashSet<>();
    /** Uids of workers and of their schedulers. */
    private final Map<String, String> joined = new HashMap<>();

    private final SharedIndexInformer<Pod> informer;

    PodsByThemselves(Flow flow) {
        pods = flow.pods();
        schedulers = flow.schedulers();
        schedulers.onRetire(uids -> thread.execute(() -> uids.forEach(this::leaves)));
        informer = flow.client()
                .pods()
                .inNamespace(flow.namespace())
                .withLabelSelector(Labels.SELECTOR)
                .inform(this);
    }

    @Override
    public void onAdd(Pod pod) {
        thread.execute(() -> seen(pod));
    }

    @Override
    public void onUpdate(Pod before, Pod pod) {
        thread.execute(() -> seen(pod));
    }

    @Override
    public void onDelete(Pod pod, boolean stateUnknown) {
        thread.execute(() -> gone(pod));
    }

    @Override
    public void close() {
        informer.close();
        thread.shutdownNow();
    }

    private void seen(Pod pod) {
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            unlessGone(() -> pods.gone(pod));
        } else if ("Pending".equals(pod.getStatus().getPhase()) && started.add(uid(pod))) {
            unlessGone(() -> {
                pods.bind(pod);
                pods.run(pod);
            });
        } else if ("Running".equals(pod.getStatus().getPhase())) {
            running.put(uid(pod), pod);
            register();
        } else {
            running.remove(uid(pod));
        }
    }

    /** Workers join whichever scheduler answers at the Service's name, once. */
    private void register() {
        running.values().stream()
                .filter(PodsByThemselves::isScheduler)
                .findFirst()
                .ifPresent(scheduler -> {
                    var fresh = running.values().stream()
                            .filter(p -> !isScheduler(p) && joined.putIfAbsent(uid(p), uid(scheduler)) == null)
                            .toList();
                    if (!fresh.isEmpty()) {
                        schedulers.in(scheduler).register(fresh);
                    }
                });
    }

    private void gone(Pod pod) {
        running.remove(uid(pod));
        if (isScheduler(pod)) {
            running.values().stream()
                    .filter(p -> uid(pod).equals(joined.get(uid(p))))
                    .toList()
                    .forEach(p -> unlessGone(() -> pods.succeed(p)));
        } else if (joined.containsKey(uid(pod))) {
            schedulers.in(joined.get(uid(pod))).loses(pod);
        }
    }

    private void leaves(String worker) {
        var pod = running.get(worker);
        if (pod != null && joined.containsKey(worker)) {
            schedulers.in(joined.get(worker)).closes(pod);
            unlessGone(() -> pods.succeed(pod));
        }
    }

    private static boolean isScheduler(Pod pod) {
        return Labels.SCHEDULER.equals(pod.getMetadata().getLabels().get(Labels.COMPONENT));
    }

    private static String uid(Pod pod) {
        return pod.getMetadata().getUid();
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
