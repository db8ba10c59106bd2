package dev.planetary.tls;

import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The other side of a connection: what a scheduler or a client makes of the PEM files it mounts. */
public final class TlsContexts {

    private static final char[] NO_PASSWORD = new char[0];

    private TlsContexts() {}

    /** {@return a context that shows {@code own} and trusts {@code caPem}} */
    public static SSLContext of(KeyPairPem own, String caPem) throws Exception {
        var keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        var chain = Pem.certificates(own.certificate()).toArray(new java.security.cert.Certificate[0]);
        keys.setKeyEntry("own", Pem.privateKey(own.privateKey()), NO_PASSWORD, chain);
        var keyManagers = KeyManagerFactory.getInstance("PKIX");
        keyManagers.init(keys, NO_PASSWORD);

        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        for (var certificate : Pem.certificates(caPem)) {
            trusted.setCertificateEntry("ca-" + trusted.size(), certificate);
        }
        var trustManagers = TrustManagerFactory.getInstance("PKIX");
        trustManagers.init(trusted);

        var context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }
}
