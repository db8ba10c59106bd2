package dev.planetary.reconcile;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Attempts that this process entered into the ledger and has not made a pod for yet: nobody else can have. It is known nowhere else, and
 * lost with the process; of an attempt that is not here, a pod may have been made and be gone again, so none is made.
 */
final class Unposted {
    private final ConcurrentMap<String, Integer> attempts = new ConcurrentHashMap<>();

    /** @param attempt counts from 1 */
    void entered(String jobUid, int attempt) {
        attempts.put(jobUid, attempt);
    }

    boolean is(String jobUid, int attempt) {
        return attempts.getOrDefault(jobUid, 0) == attempt && attempt > 0;
    }

    /**
     * From now on nothing is certain any more.
     *
     * @return whether it was until now
     */
    boolean take(String jobUid, int attempt) {
        return attempts.remove(jobUid, attempt);
    }

    void forget(String jobUid) {
        attempts.remove(jobUid);
    }
}
