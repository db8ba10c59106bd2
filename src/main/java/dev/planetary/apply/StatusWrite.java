package dev.planetary.apply;

import java.time.Duration;
import java.util.Optional;

/**
 * How the write of a status went.
 *
 * @param stands the object has this status now, but for its progress
 * @param again  when to come again, if something was put off
 */
public record StatusWrite(boolean stands, Optional<Duration> again) {}
