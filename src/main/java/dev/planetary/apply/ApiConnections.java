package dev.planetary.apply;

import io.fabric8.kubernetes.client.vertx.VertxHttpClientFactory;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.vertx.core.Vertx;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.core.spi.tls.SslContextFactory;
import io.vertx.ext.web.client.WebClientOptions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;

/**
 * Connections to the API server: at most {@value #MOST}, kept and used again; more requests at once wait their turn.
 *
 * <p>The client's own limit is 8192: a hundred clusters or two hundred workers at once opened as many connections, and their TLS
 * handshakes cost both ends more than the requests did. Watches have connections of their own beside these.
 *
 * <p>ChaCha20 is preferred to AES, of which the server makes its choice: the JVM's first compiler, the only one that the image has, knows
 * nothing of the processor's own AES, and takes four times as long for each byte.
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
        if (options.getSslEngineOptions() != null) {
            var protocols = options.getEnabledSecureTransportProtocols().toArray(String[]::new);
            options.setSslEngineOptions(
                    new CheapCiphers(options.getSslEngineOptions().sslContextFactory(), protocols));
        }
    }

    /** All ciphers that are on by default, the cheapest for the JVM first. */
    static List<String> ciphers(SSLContext context) {
        return Stream.of(context.getDefaultSSLParameters().getCipherSuites())
                .sorted(Comparator.comparing(suite -> !suite.contains("CHACHA20")))
                .toList();
    }

    /** Whom the client trusts and what it shows, with another order of ciphers; Vert.x's own setting for it is not heeded here. */
    private static final class CheapCiphers extends JdkSSLEngineOptions {
        private final SslContextFactory given;
        private final String[] protocols;

        CheapCiphers(SslContextFactory given, String[] protocols) {
            this.given = given;
            this.protocols = protocols;
        }

        @Override
        public JdkSSLEngineOptions copy() {
            return this;
        }

        @Override
        public SslContextFactory sslContextFactory() {
            return () -> {
                var context = ((JdkSslContext) given.create()).context();
                return new JdkSslContext(
                        context,
                        true,
                        ciphers(context),
                        IdentityCipherSuiteFilter.INSTANCE,
                        ApplicationProtocolConfig.DISABLED,
                        ClientAuth.NONE,
                        protocols,
                        false);
            };
        }
    }
}
