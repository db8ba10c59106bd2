package dev.planetary.api;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a change of a spec's field does to pods that run. Every field says so (a test sees to it). */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface OnChange {
    Effect value();

    /** The classes of changes. */
    enum Effect {
        /** It is followed at once, and no pod is replaced. */
        LIVE,
        /** The scheduler's pod is replaced, and with it all results are lost. */
        REPLACES_SCHEDULER,
        /** Workers of the group are replaced one by one, within {@code rollout}; nothing is lost. */
        REPLACES_WORKERS,
        /** Scheduler and workers are replaced. */
        REPLACES_ALL
    }
}
