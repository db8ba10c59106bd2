package dev.planetary.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.time.Duration;
import java.util.Optional;

/** When a reconciler is called again even if nothing happens. */
final class Again {
    /** The SDK takes zero for "never". */
    static final Duration SOONEST = Duration.ofMillis(10);
    /** A time given to the SDK takes the place of its maximum interval, which is there for events that were lost. */
    private static final Duration LATEST = Duration.ofMinutes(5);

    private Again() {}

    /** @param after empty: only the maximum interval */
    static <P extends HasMetadata> UpdateControl<P> in(Optional<Duration> after) {
        UpdateControl<P> control = UpdateControl.noUpdate();
        after.filter(it -> it.compareTo(LATEST) < 0)
                .ifPresent(it -> control.rescheduleAfter(it.compareTo(SOONEST) < 0 ? SOONEST : it));
        return control;
    }
}
