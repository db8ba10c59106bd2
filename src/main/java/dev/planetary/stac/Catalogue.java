package dev.planetary.stac;

import java.time.Duration;
import java.util.Optional;

/** Port: a STAC API. */
public interface Catalogue {

    /**
     * @param place found, not found, or unanswered
     * @param pause what the catalogue asks us to wait before we ask again
     */
    record Answer(CollectionPlace place, Optional<Duration> pause) {}

    /** Asks once where a collection lies, and waits for the answer. Throws nothing: what went wrong is an answer. */
    Answer collection(String id);
}
