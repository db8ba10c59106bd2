package dev.planetary.apply;

import io.fabric8.kubernetes.client.vertx.VertxHttpClientFactory;
import io.vertx.core.Vertx;
import io.vertx.ext.web.client.WebClientOptions;

/**
 * Connections to the API server: at most {@value #MOST}, kept and used again; more requests at once wait their turn.
 *
 * <p>The client's own limit is 8192: a hundred clusters or two hundred workers at once opened as many connections, and their TLS
 * handshakes cost both ends more than the requests did. Watches have connections of their own beside these.
 */
public final class ApiConnections extends VertxHttpClientFactory {
    static final int MOST = 40;

    /** @param vertx whose event loops they share; {@code null} for some of their own */
    public ApiConnections(Vertx vertx) {
        super(vertx);
    }

    @Override
    protected void additionalConfig(WebClientOptions options) {
        options.setMaxPoolSize(MOST);
    }
}
