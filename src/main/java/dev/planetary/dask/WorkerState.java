package dev.planetary.dask;

/**
 * A Dask worker as its scheduler sees it.
 *
 * @param uid uid of its pod; empty for a worker that somebody else connected
 * @param name Dask's name: pod and the first 8 of its uid
 * @param group worker group
 * @param address Dask address, {@code tls://host:port}
 * @param status Dask's word: {@code running}, {@code paused}, {@code closing_gracefully}, …
 * @param memory bytes of results held
 * @param results number of results held
 * @param executing tasks that run now
 * @param processing tasks assigned, running or not
 * @param retiring whether it was asked to leave
 */
public record WorkerState(
        String uid,
        String name,
        String group,
        String address,
        String status,
        long memory,
        int results,
        int executing,
        int processing,
        boolean retiring) {

    /** {@return whether it takes new tasks: running, and not on its way out} */
    public boolean usable() {
        return "running".equals(status) && !retiring;
    }
}
