package dev.planetary.telemetry;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * What the control loop is at: passes that wait, passes that run, when one last began or ended, and when watches were last renewed. It
 * is told by {@link LoopMeters} and {@link RequestMeters}, and asks nobody.
 */
public final class ControlLoop {
    private final ConcurrentMap<Object, Instant> queued = new ConcurrentHashMap<>();
    private final ConcurrentMap<Object, Instant> running = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Instant> watches = new ConcurrentHashMap<>();
    private final Clock clock;
    private volatile Instant moved;

    public ControlLoop(Clock clock) {
        this.clock = clock;
        this.moved = clock.instant();
    }

    /**
     * The loop at one moment.
     *
     * @param queued  how many passes wait
     * @param running how many passes run
     * @param waits   for how long the first of those that wait has done so
     * @param runs    for how long the longest of those that run has done so
     * @param still   how long ago a pass began or ended
     * @param watch   how long ago the least recent watch was opened, or tried to be
     */
    public record Moment(int queued, int running, Duration waits, Duration runs, Duration still, Duration watch) {}

    void submitted(Object pass) {
        queued.put(pass, clock.instant());
    }

    void started(Object pass) {
        queued.remove(pass);
        running.put(pass, clock.instant());
        moved = clock.instant();
    }

    /** Also of a pass that never began, for its object is gone. */
    void finished(Object pass) {
        queued.remove(pass);
        running.remove(pass);
        moved = clock.instant();
    }

    /** @param path of the request: each informer has its own */
    void watching(String path) {
        watches.put(path, clock.instant());
    }

    /** A look at it, which changes nothing. */
    public Moment now() {
        var now = clock.instant();
        return new Moment(
                queued.size(),
                running.size(),
                since(queued.values(), now),
                since(running.values(), now),
                Duration.between(moved, now),
                since(watches.values(), now));
    }

    private static Duration since(Collection<Instant> begins, Instant now) {
        return begins.stream()
                .min(Comparator.naturalOrder())
                .map(begin -> Duration.between(begin, now))
                .orElse(Duration.ZERO);
    }
}
