package dev.planetary.dask;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** The fake of the port: state takes the next answer that a test put, or waits for it; requests are kept. */
public final class FakeSchedulerClient implements SchedulerClient {

    /** A request for the state, and the thread that made it. */
    public record Asked(SchedulerEndpoint endpoint, Optional<SchedulerState> last, Duration hold, Thread thread) {}

    /** What state is to do. */
    @FunctionalInterface
    public interface Answer {
        SchedulerState give() throws IOException, InterruptedException;
    }

    public final List<Asked> asked = new CopyOnWriteArrayList<>();
    /** Calls of the other methods, in words: {@code retire [u] 300 s}. */
    public final List<String> requests = new CopyOnWriteArrayList<>();

    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    private final Map<String, SchedulerUnavailable.Reason> refused = new ConcurrentHashMap<>();

    public FakeSchedulerClient answers(Answer answer) {
        answers.add(answer);
        return this;
    }

    public FakeSchedulerClient answers(SchedulerState state) {
        return answers(() -> state);
    }

    public FakeSchedulerClient fails(SchedulerUnavailable.Reason reason) {
        return answers(() -> {
            throw new SchedulerUnavailable(reason, "made to fail");
        });
    }

    /** @param request in the words of {@link #requests} */
    public FakeSchedulerClient refuses(String request) {
        return refuses(request, SchedulerUnavailable.Reason.UNEXPECTED);
    }

    public FakeSchedulerClient refuses(String request, SchedulerUnavailable.Reason why) {
        refused.put(request, why);
        return this;
    }

    @Override
    public SchedulerState state(SchedulerEndpoint endpoint, Optional<SchedulerState> last, Duration wait)
            throws IOException, InterruptedException {
        asked.add(new Asked(endpoint, last, wait, Thread.currentThread()));
        return answers.take().give();
    }

    @Override
    public void retire(SchedulerEndpoint endpoint, Collection<String> uids, Duration timeout) throws IOException {
        hear("retire " + List.copyOf(uids) + " " + timeout.toSeconds() + " s");
    }

    @Override
    public void cancelRetire(SchedulerEndpoint endpoint, Collection<String> uids) throws IOException {
        hear("cancelRetire " + List.copyOf(uids));
    }

    @Override
    public void groups(SchedulerEndpoint endpoint, String id, Map<String, GroupOffer> groups) throws IOException {
        hear("groups " + id);
    }

    @Override
    public void ending(SchedulerEndpoint endpoint) throws IOException {
        hear("ending");
    }

    private void hear(String request) throws IOException {
        requests.add(request);
        if (refused.containsKey(request)) {
            throw new SchedulerUnavailable(refused.get(request), "made to fail");
        }
    }
}
