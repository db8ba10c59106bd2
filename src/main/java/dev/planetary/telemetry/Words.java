package dev.planetary.telemetry;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps the values of a label few: reasons come from our code, but also from container runtimes and schedulers, who may say anything.
 * What comes after the first {@value #MOST} is {@value #OTHER}.
 */
final class Words {
    static final int MOST = 60;
    static final String OTHER = "Other";

    private final Set<String> known = ConcurrentHashMap.newKeySet();

    /** The word itself, or {@value #OTHER}. */
    String of(String word) {
        if (known.contains(word)) {
            return word;
        }
        // Not exact under concurrency; it bounds, which is enough.
        return known.size() < MOST && known.add(word) ? word : known.contains(word) ? word : OTHER;
    }
}
