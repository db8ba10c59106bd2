package dev.planetary.status;

/**
 * Something that stands between a cluster and what its spec asks for.
 *
 * @param permanent true: only a change by somebody helps (condition Stalled); false: the operator goes on trying
 * @param reason    one CamelCase word
 * @param message   what is wrong and what to do
 */
public record Finding(boolean permanent, String reason, String message) {}
