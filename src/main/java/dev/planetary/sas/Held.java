package dev.planetary.sas;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** What the broker remembers of a scope. */
sealed interface Held {

    /** {@return when it is forgotten} */
    Instant until();

    /**
     * A token.
     *
     * @param life      how long it was good for when it came
     * @param renewFrom before that no renewal is tried, for the last one failed
     * @param late      whether it is handed out past the time of its renewal, because upstream gives no other
     */
    record Usable(SasToken token, Duration life, Instant renewFrom, boolean late) implements Held {

        static Usable fresh(SasToken token, Instant now) {
            return new Usable(token, token.left(now), now, false);
        }

        /** The same token after a renewal that failed. */
        Usable again(Instant now, Optional<Duration> asked) {
            return new Usable(token, life, now.plus(Freshness.retry(token.left(now), asked)), true);
        }

        @Override
        public Instant until() {
            return token.expiry();
        }
    }

    /**
     * That there is none, for a while: whoever asks meanwhile does not get through to upstream.
     *
     * @param unknown whether upstream knows no such container; else it is in trouble
     * @param why     for people
     */
    record Nothing(boolean unknown, String why, Instant until) implements Held {}
}
