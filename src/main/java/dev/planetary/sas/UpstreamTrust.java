package dev.planetary.sas;

import dev.planetary.tls.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Whom the broker believes to be the Planetary Computer: whoever the runtime's own authorities say, and those of a file. */
final class UpstreamTrust {
    private UpstreamTrust() {}

    /** @param caFile more authorities (PEM), for company proxies and tests */
    static SSLContext context(Optional<Path> caFile) {
        try {
            if (caFile.isEmpty()) {
                return SSLContext.getDefault();
            }
            var authorities = new ArrayList<X509Certificate>();
            managers(null).forEach(m -> authorities.addAll(Arrays.asList(m.getAcceptedIssuers())));
            authorities.addAll(Pem.certificates(Files.readString(caFile.get())));
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (var certificate : authorities) {
                store.setCertificateEntry("ca-" + store.size(), certificate);
            }
            var context = SSLContext.getInstance("TLS");
            context.init(null, managers(store).toArray(X509TrustManager[]::new), null);
            return context;
        } catch (IOException e) {
            throw new UncheckedIOException("planetary.sas.ca-file cannot be read", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the authorities cannot be used", e);
        }
    }

    private static List<X509TrustManager> managers(KeyStore store) throws GeneralSecurityException {
        var factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return Arrays.stream(factory.getTrustManagers())
                .map(X509TrustManager.class::cast)
                .toList();
    }
}
