package dev.planetary.sas;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The platform's key for the Planetary Computer, in a file that a Secret is mounted as. Read anew for each request upstream, of which
 * there are few: a Secret that comes, changes or goes needs no restart.
 */
final class SubscriptionKey {
    private final Optional<Path> file;

    SubscriptionKey(Optional<Path> file) {
        this.file = file;
    }

    /** {@return the key; empty: there is none, and the service is asked without} */
    Optional<String> value() throws IOException {
        return isSet()
                ? Optional.of(Files.readString(file.get()).strip()).filter(key -> !key.isEmpty())
                : Optional.empty();
    }

    boolean isSet() {
        return file.filter(Files::exists).isPresent();
    }

    /** {@return what keeps us from reading it} */
    Optional<String> problem() {
        return file.filter(Files::exists)
                .filter(f -> !Files.isReadable(f))
                .map(f -> "the subscription key in " + f + " cannot be read");
    }
}
