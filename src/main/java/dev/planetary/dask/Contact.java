package dev.planetary.dask;

import java.time.Instant;
import java.util.Optional;

/** What is known of a scheduler that is followed. */
public sealed interface Contact {

    /**
     * It answered.
     *
     * @param state its latest answer
     */
    record Answered(SchedulerState state) implements Contact {}

    /**
     * Nothing is known: not zero workers, but no answer.
     *
     * @param since when the last answer ceased to hold, or when the scheduler was first followed
     * @param reason what went wrong; empty before the first attempt has ended
     * @param message the same in words, for a condition or an event
     */
    record Unknown(Instant since, Optional<SchedulerUnavailable.Reason> reason, String message) implements Contact {}
}
