package dev.planetary.dask;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Keeps one long-poll to the scheduler of every running cluster, each on a virtual thread, and remembers the latest
 * answer. Safe for use by many threads; reads never block.
 */
public final class SchedulerWatch implements AutoCloseable {

    private final ConcurrentMap<String, SchedulerPoll> polls = new ConcurrentHashMap<>();
    private final SchedulerClient client;
    private final Pace pace;
    private final Clock clock;
    private volatile boolean closed;

    public SchedulerWatch(SchedulerClient client, Pace pace, Clock clock) {
        this.client = client;
        this.pace = pace;
        this.clock = clock;
    }

    /**
     * Follows a cluster's scheduler. Does nothing if this very endpoint is followed already (the first
     * {@code listener} stays) or the watch is closed; any other endpoint of the cluster is given up for this one, and
     * its answers with it: the cluster is unknown until the new endpoint answers.
     *
     * @param listener called on the poll's thread. One last call may be under way while the endpoint is forgotten
     */
    public void follow(SchedulerEndpoint endpoint, SchedulerListener listener) {
        polls.compute(endpoint.clusterUid(), (uid, current) -> {
            if (closed || current != null && current.follows(endpoint)) {
                return current;
            }
            if (current != null) {
                current.stop();
            }
            return SchedulerPoll.start(client, endpoint, pace, clock, listener);
        });
        if (closed) { // meanwhile: closing may have missed this one
            forget(endpoint.clusterUid());
        }
    }

    /** Stops following a cluster's scheduler, at once, also amid a request. */
    public void forget(String clusterUid) {
        var poll = polls.remove(clusterUid);
        if (poll != null) {
            poll.stop();
        }
    }

    /** {@return the latest answer; empty = unknown: not followed, not answered yet, or the last attempt failed} */
    public Optional<SchedulerState> latest(String clusterUid) {
        return contact(clusterUid).flatMap(contact -> switch (contact) {
            case Contact.Answered(var state) -> Optional.of(state);
            case Contact.Unknown _ -> Optional.empty();
        });
    }

    /** {@return since when a followed cluster is unknown; empty if it is known, or not followed} */
    public Optional<Instant> unknownSince(String clusterUid) {
        return contact(clusterUid).flatMap(contact -> switch (contact) {
            case Contact.Answered _ -> Optional.empty();
            case Contact.Unknown unknown -> Optional.of(unknown.since());
        });
    }

    /** {@return what is known of a cluster's scheduler and why not more; empty if it is not followed} */
    public Optional<Contact> contact(String clusterUid) {
        return Optional.ofNullable(polls.get(clusterUid)).map(SchedulerPoll::contact);
    }

    /** Stops everything and waits until no thread is left, at most 5 s for each listener that does not return. */
    @Override
    public void close() {
        closed = true;
        var open = List.copyOf(polls.values()); // one that comes meanwhile is forgotten by who follows
        open.forEach(SchedulerPoll::stop);
        open.forEach(SchedulerPoll::await);
        polls.values().removeAll(open);
    }
}
