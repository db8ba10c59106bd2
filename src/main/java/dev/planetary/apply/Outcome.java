package dev.planetary.apply;

import dev.planetary.status.Finding;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Optional;

/** How an attempt to create an object ended. */
public sealed interface Outcome {

    /** It is there and ours, made now or before. */
    record Done(HasMetadata live) implements Outcome {}

    /** It could not be made. */
    record NotDone(Finding finding) implements Outcome {}

    default Optional<Finding> problem() {
        return switch (this) {
            case Done _ -> Optional.empty();
            case NotDone(var finding) -> Optional.of(finding);
        };
    }
}
