package dev.planetary.telemetry;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Has the heap collected when there is nothing else to do. The serial collector looks at old objects only when the heap is full, so that
 * what a burst of work left behind would stay until the next one: with 300 clusters twice what they need.
 */
public final class IdleHeap {
    /** How often to look. */
    public static final Duration EVERY = Duration.ofSeconds(5);

    /** Less is not worth the pause of some 200 ms. */
    private static final long WORTHWHILE = 32L << 20;

    private final ControlLoop loop;
    private final LongSupplier used;
    private final Runnable collect;
    private long left;

    /**
     * @param used    bytes of the heap that are in use, garbage included
     * @param collect collects all of it
     */
    public IdleHeap(ControlLoop loop, LongSupplier used, Runnable collect) {
        this.loop = loop;
        this.used = used;
        this.collect = collect;
    }

    /** To be called by one thread, each {@link #EVERY}. */
    public void look() {
        var now = used.getAsLong();
        left = Math.min(left, now);
        if (now - left > WORTHWHILE && isCalm(loop.now())) {
            collect.run();
            left = used.getAsLong();
        }
    }

    private static boolean isCalm(ControlLoop.Moment moment) {
        return moment.queued() == 0 && moment.running() == 0 && moment.still().compareTo(EVERY) > 0;
    }
}
