package dev.planetary.dask;

/**
 * A job's own tasks, as its scheduler counts them: shared ones count for every client.
 *
 * @param done  ended at least once
 * @param total known so far
 */
public record JobProgress(long done, long total) {}
