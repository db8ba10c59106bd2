package dev.planetary.reconcile;

import dev.planetary.dask.GroupOffer;
import dev.planetary.dask.SchedulerClient;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.dask.SchedulerState;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** One operator's line to the schedulers: what it tells them passes its {@link Wire}. */
record SchedulerLine(PretendSchedulers schedulers, Wire wire) implements SchedulerClient {
    @Override
    public SchedulerState state(SchedulerEndpoint endpoint, Optional<SchedulerState> last, Duration wait)
            throws IOException, InterruptedException {
        return schedulers.state(endpoint, last, wait);
    }

    @Override
    public void retire(SchedulerEndpoint endpoint, Collection<String> uids, Duration timeout) throws IOException {
        wire.tell("retire", () -> schedulers.retire(endpoint, uids, timeout));
    }

    @Override
    public void cancelRetire(SchedulerEndpoint endpoint, Collection<String> uids) throws IOException {
        wire.tell("cancel-retire", () -> schedulers.cancelRetire(endpoint, uids));
    }

    @Override
    public void groups(SchedulerEndpoint endpoint, String id, Map<String, GroupOffer> groups) throws IOException {
        wire.tell("groups", () -> schedulers.groups(endpoint, id, groups));
    }

    @Override
    public void ending(SchedulerEndpoint endpoint) throws IOException {
        wire.tell("ending", () -> schedulers.ending(endpoint));
    }
}
