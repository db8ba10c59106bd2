package dev.planetary.dask;

import dev.planetary.dask.SchedulerUnavailable.Reason;
import dev.planetary.telemetry.LogKeys;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** The long-poll to one endpoint: a virtual thread of its own, from start to {@link #stop}. */
final class SchedulerPoll implements Runnable {

    private static final Logger LOG = Logger.getLogger(SchedulerPoll.class);

    private static final Duration LONGEST_FAREWELL = Duration.ofSeconds(5);

    private final SchedulerClient client;
    private final SchedulerEndpoint endpoint;
    private final Pace pace;
    private final Clock clock;
    private final SchedulerListener listener;
    private final Thread thread;
    private volatile Contact contact;
    private volatile boolean stopped;

    private SchedulerPoll(
            SchedulerClient client, SchedulerEndpoint endpoint, Pace pace, Clock clock, SchedulerListener listener) {
        this.client = client;
        this.endpoint = endpoint;
        this.pace = pace;
        this.clock = clock;
        this.listener = listener;
        this.contact = new Contact.Unknown(clock.instant(), Optional.empty(), "The scheduler has not answered yet");
        this.thread = Thread.ofVirtual().name("scheduler-" + endpoint.podUid()).unstarted(LogKeys.carried(this));
    }

    static SchedulerPoll start(
            SchedulerClient client, SchedulerEndpoint endpoint, Pace pace, Clock clock, SchedulerListener listener) {
        var poll = new SchedulerPoll(client, endpoint, pace, clock, listener);
        poll.thread.start();
        return poll;
    }

    boolean follows(SchedulerEndpoint other) {
        return endpoint.equals(other);
    }

    Contact contact() {
        return contact;
    }

    /** Asks the thread to end and returns at once. */
    void stop() {
        stopped = true;
        thread.interrupt();
    }

    /** Waits for the thread's end, unless this is that thread: a listener may close the watch. */
    void await() {
        if (Thread.currentThread() != thread) {
            try {
                thread.join(LONGEST_FAREWELL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void run() {
        var failures = 0;
        try {
            while (!stopped) {
                var began = System.nanoTime();
                failures = ask() ? 0 : failures + 1;
                var pause = pace.pause(failures);
                // An answer that took its time needs no pause; a failure always does.
                Thread.sleep(failures > 0 ? pause : pause.minusNanos(System.nanoTime() - began));
            }
        } catch (InterruptedException e) {
            LOG.debugf("No longer following %s", endpoint);
        }
    }

    private boolean ask() throws InterruptedException {
        // After a failure nothing is given as last: an unchanged scheduler would hold the request, and we know nothing.
        var last =
                contact instanceof Contact.Answered(var state) ? Optional.of(state) : Optional.<SchedulerState>empty();
        try {
            answered(last, client.state(endpoint, last, pace.hold()));
            return true;
        } catch (SchedulerUnavailable e) {
            failed(e.reason(), e);
        } catch (IOException e) {
            failed(Reason.UNREACHABLE, e);
        } catch (RuntimeException | Error e) {
            // A poll that dies leaves its cluster unknown until the operator restarts: worse than any error here.
            LOG.errorf(e, "Unexpected error while asking %s", endpoint);
            failed(Reason.UNEXPECTED, e);
        }
        return false;
    }

    private void answered(Optional<SchedulerState> last, SchedulerState state) {
        contact = new Contact.Answered(state);
        if (last.filter(state::sameAs).isEmpty()) {
            tell(SchedulerListener::changed);
        }
        var before = last.filter(l -> l.boot().equals(state.boot())).map(SchedulerState::jobs);
        var runners = state.jobs().changedSince(before.orElse(JobsProgress.NONE));
        if (!runners.isEmpty()) {
            tell(told -> told.progressed(runners));
        }
    }

    private void failed(Reason reason, Throwable cause) {
        if (stopped) {
            return; // it failed because we broke it off
        }
        var message = Optional.ofNullable(cause.getMessage()).orElseGet(cause::toString);
        var before = contact;
        var since = before instanceof Contact.Unknown unknown ? unknown.since() : clock.instant();
        contact = new Contact.Unknown(since, Optional.of(reason), message);
        if (!(before instanceof Contact.Unknown unknown && unknown.reason().equals(Optional.of(reason)))) {
            LOG.infof("No answer from %s: %s", endpoint, message);
            tell(SchedulerListener::changed);
        }
    }

    private void tell(Consumer<SchedulerListener> news) {
        if (stopped) {
            return;
        }
        try {
            news.accept(listener);
        } catch (RuntimeException | Error e) {
            LOG.errorf(e, "The listener to %s failed", endpoint);
        }
    }
}
