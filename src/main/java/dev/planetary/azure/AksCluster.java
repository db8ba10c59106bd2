package dev.planetary.azure;

import java.util.Set;

/**
 * The AKS cluster whose agent pools these are.
 *
 * @param provisioningState as Azure says it
 * @param running           false: it is stopped, or on its way there
 */
public record AksCluster(String name, String region, String provisioningState, boolean running) {
    /** In these Azure takes a new operation; in any other it refuses, or, worse, cancels the one that runs. */
    static final Set<String> SETTLED = Set.of("Succeeded", "Failed", "Canceled");

    /** Nobody is at work on it. */
    public boolean settled() {
        return SETTLED.contains(provisioningState);
    }
}
