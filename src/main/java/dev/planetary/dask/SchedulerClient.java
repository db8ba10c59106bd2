package dev.planetary.dask;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/**
 * Port to the scheduler's HTTP API (see {@code docs/pod-contract.md}). All calls block, may be interrupted, and throw
 * an {@link IOException}, mostly {@link SchedulerUnavailable}, when there is no usable answer. Nothing is retried here.
 */
public interface SchedulerClient {

    /**
     * Asks for the state. Answers at once if it differs from {@code last} or there is no {@code last}, else with the
     * next change, else after {@code wait}.
     *
     * @param wait whole seconds, 60 at most
     */
    SchedulerState state(SchedulerEndpoint endpoint, Optional<SchedulerState> last, Duration wait)
            throws IOException, InterruptedException;

    /**
     * Asks workers to hand over their results and leave; returns once accepted, progress is in the state. Idempotent.
     *
     * @param uids pods of the workers; unknown ones are ignored
     * @param timeout how long from the first request for a worker to look for others that take its results
     */
    void retire(SchedulerEndpoint endpoint, Collection<String> uids, Duration timeout)
            throws IOException, InterruptedException;

    /** Takes a request to retire back, for workers that have not closed yet. Idempotent. */
    void cancelRetire(SchedulerEndpoint endpoint, Collection<String> uids) throws IOException, InterruptedException;

    /**
     * Says which groups of workers there are; from then on the state has a target for each. Idempotent.
     *
     * @param id names what is told; the state repeats it, and a scheduler that restarted has forgotten it
     */
    void groups(SchedulerEndpoint endpoint, String id, Map<String, GroupOffer> groups)
            throws IOException, InterruptedException;

    /** Says that the cluster stops: results need no new home, pods may end at once. Idempotent. */
    void ending(SchedulerEndpoint endpoint) throws IOException, InterruptedException;
}
