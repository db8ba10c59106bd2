package dev.planetary.tls;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** Whom we believe to be a service of the outside world: whoever the runtime's own authorities say, and those of a file. */
public final class OutsideTrust {
    private OutsideTrust() {}

    /** @param caFile more authorities (PEM), for company proxies and tests */
    public static SSLContext context(Optional<Path> caFile) {
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
            throw new UncheckedIOException(
                    "the file with certificate authorities cannot be read: " + caFile.orElseThrow(), e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the authorities cannot be used", e);
        }
    }
}
