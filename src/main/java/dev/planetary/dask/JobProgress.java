package dev.planetary.dask;

/**
 * How far the tasks of one job's clients are.
 *
 * @param done tasks that were computed, or failed, at least once
 * @param total tasks that these clients brought in or wait for, each counted once
 */
public record JobProgress(long done, long total) {}
