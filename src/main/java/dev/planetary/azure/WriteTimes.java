package dev.planetary.azure;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** When Azure was last told to change something: its budget refills slowly. Forgotten with the process, and when it no longer matters. */
final class WriteTimes {
    /** @param what of that object: the name of a pool, or its deletions */
    private record Key(String uid, String what) {}

    /** Other than any pool's name. A deletion has a budget of its own: whoever has just made a pool may be rid of it at once. */
    private static final String DELETION = "";

    private final Map<Key, Instant> times = new ConcurrentHashMap<>();
    private final Duration between;

    /** @param between from one write to the next */
    WriteTimes(Duration between) {
        this.between = between;
    }

    void changed(String uid, String pool, Instant now) {
        note(new Key(uid, pool), now);
    }

    void deleted(String uid, Instant now) {
        note(new Key(uid, DELETION), now);
    }

    Optional<Instant> nextChange(String uid, String pool) {
        return next(new Key(uid, pool));
    }

    Optional<Instant> nextDeletion(String uid) {
        return next(new Key(uid, DELETION));
    }

    void forget(String uid) {
        times.keySet().removeIf(key -> key.uid.equals(uid));
    }

    private void note(Key key, Instant now) {
        // Also of pools that were replaced, and of objects that were forgotten while a pass of them ran.
        times.values().removeIf(at -> !at.plus(between).isAfter(now));
        times.put(key, now);
    }

    private Optional<Instant> next(Key key) {
        return Optional.ofNullable(times.get(key)).map(at -> at.plus(between));
    }
}
