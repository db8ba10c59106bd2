package dev.planetary.dask;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;

/** WIP: signatures only. */
public final class HttpSchedulerClient implements SchedulerClient, AutoCloseable {

    /** Connects within 3 s, waits 10 s longer than a long-poll may take, and 5 s for requests. */
    public HttpSchedulerClient() {}

    @Override
    public SchedulerState state(SchedulerEndpoint endpoint, Optional<SchedulerState> last, Duration wait)
            throws IOException, InterruptedException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void retire(SchedulerEndpoint endpoint, Collection<String> uids, Duration timeout)
            throws IOException, InterruptedException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void cancelRetire(SchedulerEndpoint endpoint, Collection<String> uids)
            throws IOException, InterruptedException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void ending(SchedulerEndpoint endpoint) throws IOException, InterruptedException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
