/**
 * Conversation with a cluster's Dask scheduler: its state by long-poll, and requests to retire workers. The port is
 * {@link dev.planetary.dask.SchedulerClient}; the HTTP API stands in {@code docs/pod-contract.md}.
 */
package dev.planetary.dask;
