package dev.planetary.sas;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The platform's key for the Planetary Computer, in a file that a Secret is mounted as. Read anew for each request upstream, of which
 * there are few: a Secret that comes, changes or goes needs no restart.
 */
final class SubscriptionKey {
    /** What a header may hold. The HTTP client would quote anything else in its exception, and so in the log. */
    private static final Pattern KEY = Pattern.compile("[!-~]*");

    private final Optional<Path> file;

    SubscriptionKey(Optional<Path> file) {
        this.file = file;
    }

    /**
     * @return the key; empty: there is none, and the service is asked without
     * @throws IOException if it cannot be read or is none; the message never quotes it
     */
    Optional<String> value() throws IOException {
        if (!isSet()) {
            return Optional.empty();
        }
        var key = Files.readString(file.get()).strip();
        if (!KEY.matcher(key).matches()) {
            throw new CharacterCodingException();
        }
        return Optional.of(key).filter(k -> !k.isEmpty());
    }

    boolean isSet() {
        return file.filter(Files::exists).isPresent();
    }

    /** {@return what keeps us from using it} */
    Optional<String> problem() {
        try {
            value();
            return Optional.empty();
        } catch (CharacterCodingException e) {
            return Optional.of("the subscription key in " + file.get()
                    + " is none: write the key alone, without blanks, line breaks or a byte order mark in it");
        } catch (IOException e) {
            return Optional.of("the subscription key in " + file.get() + " cannot be read");
        }
    }
}
