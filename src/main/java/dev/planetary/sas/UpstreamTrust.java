package dev.planetary.sas;

import dev.planetary.tls.Authorities;
import dev.planetary.tls.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** Whom the broker believes to be the Planetary Computer: whoever the runtime's own authorities say, and those of a file. */
final class UpstreamTrust {
    private UpstreamTrust() {}

    /** @param caFile more authorities (PEM), for company proxies and tests */
    static SSLContext context(Optional<Path> caFile) {
        try {
            if (caFile.isEmpty()) {
                return SSLContext.getDefault();
            }
            var authorities = new ArrayList<>(Authorities.ofTheRuntime());
            authorities.addAll(Pem.certificates(Files.readString(caFile.get())));
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {Authorities.trusting(authorities)}, null);
            return context;
        } catch (IOException e) {
            throw new UncheckedIOException("planetary.sas.ca-file cannot be read", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the authorities cannot be used", e);
        }
    }
}
