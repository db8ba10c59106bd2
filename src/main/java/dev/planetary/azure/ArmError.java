package dev.planetary.azure;

import java.time.Duration;
import java.util.Optional;

/**
 * How Azure refused or failed.
 *
 * @param status     HTTP status; 0: no answer, or told later of an operation that had been accepted
 * @param code       Azure's code, such as OperationNotAllowed; empty where there is none
 * @param message    Azure's words
 * @param retryAfter what Azure says when to ask again
 */
public record ArmError(int status, String code, String message, Optional<Duration> retryAfter) {

    /** Told of an operation that had been accepted. */
    public static ArmError later(String code, String message) {
        return new ArmError(0, code, message, Optional.empty());
    }

    /** It says nothing of what was asked, but that too much was. */
    public boolean throttles() {
        return status == 429;
    }
}
