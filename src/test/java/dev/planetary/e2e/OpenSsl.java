package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A certificate authority by hand: what a user makes who has neither cert-manager nor us. */
record OpenSsl(Path folder) {
    /** A certificate and its key. */
    record Pair(String certificate, String key) {}

    /** A new authority in a folder of its own. */
    static OpenSsl authority(Path folder) {
        var made = new OpenSsl(folder);
        made.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=by-hand -days 30"
                + " -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.crt");
        return made;
    }

    String ca() {
        return RealCluster.read(folder.resolve("ca.crt"));
    }

    /** @param key the command that prints a private key, in whichever format */
    Pair leaf(String key) {
        run(key + " > tls.key");
        run(
                """
                openssl req -new -key tls.key -subj /CN=dask |
                openssl x509 -req -CA ca.crt -CAkey ca.key -days 9 -out tls.crt -extfile <(printf '%s\\n' \
                  basicConstraints=critical,CA:FALSE extendedKeyUsage=serverAuth,clientAuth subjectAltName=DNS:c-scheduler \
                  subjectKeyIdentifier=hash authorityKeyIdentifier=keyid)
                """);
        return new Pair(RealCluster.read(folder.resolve("tls.crt")), RealCluster.read(folder.resolve("tls.key")));
    }

    private void run(String command) {
        try {
            var log = Files.createTempFile(folder, "openssl", ".log");
            var process = new ProcessBuilder("bash", "-euo", "pipefail", "-c", command)
                    .directory(folder.toFile())
                    .redirectError(log.toFile())
                    .start();
            assertThat(process.waitFor())
                    .as("%s: %s", command, RealCluster.read(log))
                    .isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
