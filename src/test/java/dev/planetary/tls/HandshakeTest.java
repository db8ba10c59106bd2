package dev.planetary.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

/** Mutual TLS between two engines in memory. */
class HandshakeTest {

    private final Authority authority = Authority.create("ns/c", Clock.systemUTC(), Duration.ofDays(365));

    @Test
    void peersOfOneAuthorityTrustEachOther() throws Exception {
        var server = engine(context(authority, authority), false);
        var client = engine(context(authority, authority), true);

        handshake(client, server);

        assertThat(server.getSession().getPeerPrincipal().getName()).isEqualTo("CN=peer");
        assertThat(client.getSession().getPeerPrincipal().getName()).isEqualTo("CN=peer");
    }

    @Test
    void serverOfAnotherAuthorityIsRefused() throws Exception {
        var other = Authority.create("ns/c", Clock.systemUTC(), Duration.ofDays(365));
        var server = engine(context(other, authority), false);
        var client = engine(context(authority, authority), true);

        assertThatExceptionOfType(SSLHandshakeException.class).isThrownBy(() -> handshake(client, server));
    }

    @Test
    void clientOfAnotherAuthorityIsRefused() throws Exception {
        var other = Authority.create("ns/c", Clock.systemUTC(), Duration.ofDays(365));
        var server = engine(context(authority, authority), false);
        var client = engine(context(other, authority), true);

        assertThatExceptionOfType(SSLHandshakeException.class).isThrownBy(() -> handshake(client, server));
    }

    @Test
    void duringAChangeOfAuthorityBothAreTrusted() throws Exception {
        var next = Authority.create("ns/c", Clock.systemUTC(), Duration.ofDays(365));
        var both = authority.certificatePem() + next.certificatePem();
        var server = engine(TlsContexts.of(leaf(next), both), false);
        var client = engine(TlsContexts.of(leaf(authority), both), true);

        handshake(client, server);

        assertThat(client.getSession().isValid()).isTrue();
    }

    private static SSLContext context(Authority own, Authority trusted) throws Exception {
        return TlsContexts.of(leaf(own), trusted.certificatePem());
    }

    private static KeyPairPem leaf(Authority authority) {
        return authority.issue("peer", List.of("peer.ns.svc"), Clock.systemUTC(), Duration.ofDays(90));
    }

    private static SSLEngine engine(SSLContext context, boolean client) {
        var engine = context.createSSLEngine();
        engine.setUseClientMode(client);
        engine.setNeedClientAuth(!client);
        return engine;
    }

    private static void handshake(SSLEngine client, SSLEngine server) throws SSLException {
        var toServer = ByteBuffer.allocate(1 << 16);
        var toClient = ByteBuffer.allocate(1 << 16);
        client.beginHandshake();
        server.beginHandshake();
        for (var round = 0; round < 50 && !(done(client) && done(server)); round++) {
            step(client, toClient, toServer);
            step(server, toServer, toClient);
        }
        assertThat(done(client) && done(server)).as("handshake ended").isTrue();
    }

    private static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
        switch (engine.getHandshakeStatus()) {
            case NEED_TASK -> engine.getDelegatedTask().run();
            case NEED_WRAP -> engine.wrap(ByteBuffer.allocate(0), out);
            case NEED_UNWRAP, NEED_UNWRAP_AGAIN, NOT_HANDSHAKING, FINISHED -> {
                in.flip();
                engine.unwrap(in, ByteBuffer.allocate(1 << 16));
                in.compact();
            }
        }
    }

    private static boolean done(SSLEngine engine) {
        return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING
                && !"NULL".equals(engine.getSession().getProtocol())
                && !"NONE".equals(engine.getSession().getProtocol());
    }
}
