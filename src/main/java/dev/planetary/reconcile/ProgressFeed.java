package dev.planetary.reconcile;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Brings the news that jobs got on from the clusters' long-polls to those who keep the jobs' status; clusters are not
 * reconciled for it. The numbers themselves are in the scheduler's latest state.
 */
final class ProgressFeed {

    /** Called on the poll's thread: return soon. */
    @FunctionalInterface
    interface Listener {
        /** @param runners names of runner pods in this namespace whose numbers are new */
        void progressed(String namespace, Set<String> runners);
    }

    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    void subscribe(Listener listener) {
        listeners.add(listener);
    }

    void tell(String namespace, Set<String> runners) {
        listeners.forEach(listener -> listener.progressed(namespace, runners));
    }
}
