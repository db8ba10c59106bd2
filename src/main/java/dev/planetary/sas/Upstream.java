package dev.planetary.sas;

import java.util.concurrent.CompletableFuture;

/** The Planetary Computer's SAS API. */
public interface Upstream {

    /** Asks once for a token. The future never fails: what went wrong is an {@link UpstreamAnswer}. */
    CompletableFuture<UpstreamAnswer> fetch(TokenScope scope);
}
