package dev.planetary.reconcile;

import io.javaoperatorsdk.operator.processing.retry.GenericRetry;

/** Retries without end, from half a second to a minute: the SDK's default gives up after five, and a cluster would stay as it is. */
public final class ForEver extends GenericRetry {
    public ForEver() {
        setInitialInterval(500).setIntervalMultiplier(2).setMaxInterval(60_000).withoutMaxAttempts();
    }
}
