package dev.planetary.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
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

    /** {@return a context that trusts the runtime's authorities, and these (PEM) as well} */
    public static SSLContext andAlso(Optional<String> pem) {
        try {
            if (pem.isEmpty()) {
                return SSLContext.getDefault();
            }
            var authorities = new ArrayList<>(ofTheRuntime());
            authorities.addAll(Pem.certificates(pem.get()));
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {trusting(authorities)}, null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("the authorities cannot be used", e);
        }
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
