package dev.planetary.azure;

import java.time.Instant;
import java.util.Optional;

/**
 * Azure cannot be asked.
 *
 * @param until when it may be, where Azure says so
 */
public record Silence(ArmError error, Optional<Instant> until) {}
