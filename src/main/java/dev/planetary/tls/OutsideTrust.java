package dev.planetary.tls;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** Whom we believe to be a service of the outside world: whoever the runtime's own authorities say, and those of a file. */
public final class OutsideTrust {
    private OutsideTrust() {}

    /** @param caFile more authorities (PEM), for company proxies and tests */
    public static SSLContext context(Optional<Path> caFile) {
        return Authorities.andAlso(caFile.map(OutsideTrust::read));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("the file with certificate authorities cannot be read: " + file, e);
        }
    }
}
