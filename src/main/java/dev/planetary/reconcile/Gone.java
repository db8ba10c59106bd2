package dev.planetary.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.function.Consumer;

/** Objects that were deleted in the middle of a pass. */
final class Gone {
    private Gone() {}

    /**
     * At the end of a pass: its event came before the last that the pass remembers of it, and nobody else would forget that.
     *
     * @param forget drops all that is remembered of a uid
     */
    static <P extends HasMetadata> void forget(P object, Context<P> context, Consumer<String> forget) {
        var uid = object.getMetadata().getUid();
        var there = context.getPrimaryCache().get(ResourceID.fromResource(object));
        if (there.filter(o -> o.getMetadata().getUid().equals(uid)).isEmpty()) {
            forget.accept(uid);
        }
    }
}
