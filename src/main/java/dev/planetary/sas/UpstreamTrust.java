package dev.planetary.sas;

import dev.planetary.tls.Authorities;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** Whom the broker believes to be the Planetary Computer: whoever the runtime's own authorities say, and those of a file. */
final class UpstreamTrust {
    private UpstreamTrust() {}

    /** @param caFile more authorities (PEM), for company proxies and tests */
    static SSLContext context(Optional<Path> caFile) {
        return Authorities.andAlso(caFile.map(UpstreamTrust::read));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("planetary.sas.ca-file cannot be read", e);
        }
    }
}
