package dev.planetary.telemetry;

import dev.planetary.telemetry.ControlLoop.Moment;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Whether the control loop is alive: what only a restart cures. An API server that does not answer is no reason to restart: it would
 * take away what the operator knows, and bring nothing back.
 */
public final class LoopHealth {
    /** A pass waits for requests that are cut off after seconds; a thousand pods take two minutes. */
    static final Duration LONGEST_PASS = Duration.ofMinutes(10);
    /** Passes take a second: a queue in which none begins or ends for so long is stuck. */
    static final Duration LONGEST_STILL = Duration.ofMinutes(5);
    /** Informers close and open their watch every 5 to 10 minutes by themselves, and try again within a minute if it fails. */
    static final Duration LONGEST_WATCH = Duration.ofMinutes(20);

    private LoopHealth() {}

    /**
     * What is wrong, the first that is.
     *
     * @param stopped event sources whose informer has ended
     */
    public static Optional<String> problem(Moment moment, List<String> stopped) {
        return Stream.<Function<Moment, Optional<String>>>of(
                        m -> when(!stopped.isEmpty(), "informers have stopped: " + String.join(", ", stopped)),
                        m -> over(m.runs(), LONGEST_PASS, "a pass has been running for %s"),
                        m -> m.waits().compareTo(LONGEST_STILL) > 0
                                ? over(m.still(), LONGEST_STILL, "the queue has not moved for %s")
                                : Optional.empty(),
                        m -> over(m.watch(), LONGEST_WATCH, "a watch has not been renewed for %s"))
                .map(check -> check.apply(moment))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<String> over(Duration is, Duration most, String words) {
        return when(is.compareTo(most) > 0, words.formatted(is));
    }

    private static Optional<String> when(boolean wrong, String words) {
        return wrong ? Optional.of(words) : Optional.empty();
    }
}
