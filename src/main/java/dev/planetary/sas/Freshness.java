package dev.planetary.sas;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * For how long a token is handed out as it is, when it is renewed, and when a request that failed is tried again. Pure.
 *
 * <p>GDAL and the planetary_computer package keep a token until 60 s before its end; one that has less left they use once, and ask again
 * for the next request. So whoever asks gets one that has more left, wherever its life allows.
 */
final class Freshness {
    private static final Duration READERS_WANT = Duration.ofSeconds(60);
    /** Lives shorter than this have no room for that: then half of the life is the floor. */
    private static final Duration ROOM = Duration.ofSeconds(75);

    private static final Duration LONGEST_LEAD = Duration.ofMinutes(4);
    private static final Duration SHORTEST_RETRY = Duration.ofSeconds(5);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(30);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private Freshness() {}

    /** What to do with a held token when somebody asks for it. */
    enum Use {
        /** Hand it out. */
        AS_IT_IS,
        /** Hand it out, and get the next one meanwhile. */
        RENEW_BEHIND,
        /** Get the next one first; hand this one out only if that fails. */
        RENEW_FIRST
    }

    static Use of(Held.Usable held, Instant now) {
        var left = held.token().left(now);
        if (now.isBefore(held.renewFrom()) || left.compareTo(margin(held.life())) > 0) {
            return Use.AS_IT_IS;
        }
        return left.compareTo(floor(held.life())) > 0 ? Use.RENEW_BEHIND : Use.RENEW_FIRST;
    }

    /** {@return what a token has left at least when it is handed out, unless upstream gives no other} */
    static Duration floor(Duration life) {
        return life.compareTo(ROOM) >= 0 ? READERS_WANT : life.dividedBy(2);
    }

    /** {@return what a token of this life has left when the next one is fetched}: 5 min of the usual 45, 70 s of 90 */
    static Duration margin(Duration life) {
        var floor = floor(life);
        return floor.plus(shorter(LONGEST_LEAD, life.minus(floor).dividedBy(3)));
    }

    /** {@return how long after a failed renewal the next is tried: sooner the less is left} */
    static Duration retry(Duration left, Optional<Duration> asked) {
        return longer(shorter(longer(left.dividedBy(4), SHORTEST_RETRY), LONGEST_RETRY), asked.orElse(Duration.ZERO));
    }

    /** {@return how long to wait before asking again, while readers wait for their first token: 0.5, 1, 2, 4, 5 s} */
    static Duration pause(int attempt, Optional<Duration> asked) {
        return longer(
                shorter(FIRST_PAUSE.multipliedBy(1L << Math.min(attempt, 10)), LONGEST_PAUSE),
                asked.orElse(Duration.ZERO));
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }
}
