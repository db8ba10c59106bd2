package dev.planetary.sas;

import java.time.Duration;
import java.time.Instant;

/**
 * A token to read a container.
 *
 * @param query  what is put after the {@code ?} of a blob's address; a secret
 * @param expiry when the storage service stops to accept it
 */
public record SasToken(String query, Instant expiry) {

    /** {@return for how long it is still good; negative once it is not} */
    public Duration left(Instant now) {
        return Duration.between(now, expiry);
    }

    /** Without the secret: this ends in logs. */
    @Override
    public String toString() {
        return "SasToken[until " + expiry + "]";
    }
}
