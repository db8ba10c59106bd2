package dev.planetary.reconcile;

import dev.planetary.settings.OperatorSettings.LimitSettings;
import java.util.List;
import java.util.Optional;

/** Limits of all namespaces, and of single ones. */
record TestLimits(
        Optional<String> clusters,
        Optional<String> workers,
        Optional<String> cores,
        Optional<String> memory,
        Optional<List<String>> clustersOf,
        Optional<List<String>> workersOf,
        Optional<List<String>> coresOf,
        Optional<List<String>> memoryOf)
        implements LimitSettings {
    static final TestLimits NONE = of(null, null, null, null);

    /** Null: no limit. */
    static TestLimits of(String clusters, String workers, String cores, String memory) {
        return new TestLimits(
                Optional.ofNullable(clusters),
                Optional.ofNullable(workers),
                Optional.ofNullable(cores),
                Optional.ofNullable(memory),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }
}
