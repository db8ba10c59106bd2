package dev.planetary.dask;

import dev.planetary.dask.SchedulerUnavailable.Reason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Counts how calls to schedulers end. */
public final class MeteredSchedulerClient implements SchedulerClient {
    private final SchedulerClient to;
    private final MeterRegistry registry;

    public MeteredSchedulerClient(SchedulerClient to, MeterRegistry registry) {
        this.to = to;
        this.registry = registry;
    }

    @Override
    public SchedulerState state(SchedulerEndpoint endpoint, Optional<SchedulerState> last, Duration wait)
            throws IOException, InterruptedException {
        return counted("state", () -> to.state(endpoint, last, wait));
    }

    @Override
    public void retire(SchedulerEndpoint endpoint, Collection<String> uids, Duration timeout)
            throws IOException, InterruptedException {
        counted("retire", () -> {
            to.retire(endpoint, uids, timeout);
            return true;
        });
    }

    @Override
    public void cancelRetire(SchedulerEndpoint endpoint, Collection<String> uids)
            throws IOException, InterruptedException {
        counted("cancel-retire", () -> {
            to.cancelRetire(endpoint, uids);
            return true;
        });
    }

    @Override
    public void groups(SchedulerEndpoint endpoint, String id, Map<String, GroupOffer> groups)
            throws IOException, InterruptedException {
        counted("groups", () -> {
            to.groups(endpoint, id, groups);
            return true;
        });
    }

    @Override
    public void ending(SchedulerEndpoint endpoint) throws IOException, InterruptedException {
        counted("ending", () -> {
            to.ending(endpoint);
            return true;
        });
    }

    private interface Call<T> {
        T make() throws IOException, InterruptedException;
    }

    /** A call that we broke off ourselves says nothing about the scheduler. */
    private <T> T counted(String call, Call<T> made) throws IOException, InterruptedException {
        try {
            var answer = made.make();
            count(call, "answered");
            return answer;
        } catch (SchedulerUnavailable e) {
            count(call, e.reason().name().toLowerCase(Locale.ROOT));
            throw e;
        } catch (IOException e) {
            count(call, Reason.UNREACHABLE.name().toLowerCase(Locale.ROOT));
            throw e;
        }
    }

    private void count(String call, String outcome) {
        Counter.builder("planetary.scheduler.requests")
                .description("Calls to Dask schedulers by how they ended")
                .tags("call", call, "outcome", outcome)
                .register(registry)
                .increment();
    }
}
