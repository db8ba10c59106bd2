package dev.planetary.dask;

/**
 * Something about a worker that a person should know.
 *
 * @param uid uid of the worker's pod
 * @param reason one word in CamelCase
 * @param message what is wrong. All of this is text from a pod: shorten it before it enters a status or an event
 */
public record Warning(String uid, String reason, String message) {}
