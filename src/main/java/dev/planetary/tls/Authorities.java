package dev.planetary.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Whom a connection trusts, by the rules of PKIX. */
public final class Authorities {
    private Authorities() {}

    /** {@return one that trusts whom these have certified, and nobody else} */
    public static X509TrustManager trusting(List<X509Certificate> authorities)
            throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        for (var certificate : authorities) {
            store.setCertificateEntry("ca-" + store.size(), certificate);
        }
        return manager(store);
    }

    /** {@return the authorities that this Java runtime trusts} */
    public static List<X509Certificate> ofTheRuntime() throws GeneralSecurityException {
        return List.of(manager(null).getAcceptedIssuers());
    }

    private static X509TrustManager manager(KeyStore store) throws GeneralSecurityException {
        var factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return Arrays.stream(factory.getTrustManagers())
                .map(X509TrustManager.class::cast)
                .findFirst()
                .orElseThrow();
    }
}
