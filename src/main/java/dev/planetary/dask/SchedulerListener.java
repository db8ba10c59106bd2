package dev.planetary.dask;

import java.util.Set;

/** Who wants to know what becomes of a scheduler. Called on the poll's thread: return soon; what it throws is logged. */
@FunctionalInterface
public interface SchedulerListener {

    /** After the first answer, every changed answer, the first failure and every failure of another reason; not on heartbeats. */
    void changed();

    /**
     * Jobs got on. Nothing else need have changed, so {@link #changed} is not called for it.
     *
     * @param runners names of the runner pods whose numbers are new
     */
    default void progressed(Set<String> runners) {}
}
