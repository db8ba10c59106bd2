package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A Git repository of this machine, and an HTTP server for archives of its commits. */
final class GitRepository implements AutoCloseable {
    private final Path folder;
    private final HttpServer server;

    /** @param folder an empty one */
    GitRepository(Path folder) throws IOException {
        this.folder = folder;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        git("init", "--quiet", "--initial-branch=main");
    }

    /** Writes these files, by name, and commits them. */
    String commit(String message, Map<String, String> files) throws IOException {
        for (var file : files.entrySet()) {
            Files.writeString(folder.resolve(file.getKey()), file.getValue());
        }
        git("add", "--all");
        git("commit", "--quiet", "--message", message);
        return head();
    }

    /** Takes the last commit back, as people do. */
    String revert() throws IOException {
        git("revert", "--no-edit", "HEAD");
        return head();
    }

    String url(String commit) {
        return "http://127.0.0.1:%d/%s.tar.gz".formatted(server.getAddress().getPort(), commit);
    }

    /** The files of a commit, packed. */
    byte[] archive(String commit) throws IOException {
        return git("archive", "--format=tar.gz", commit);
    }

    static String digest(byte[] content) {
        try {
            return "sha256:"
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        var commit = exchange.getRequestURI().getPath().replaceAll("^/|\\.tar\\.gz$", "");
        try (exchange) {
            var content = archive(commit);
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content);
        }
    }

    private String head() throws IOException {
        return new String(git("rev-parse", "HEAD"), StandardCharsets.UTF_8).strip();
    }

    private byte[] git(String... words) throws IOException {
        // Whatever the user has configured: no signatures, no hooks, and a name.
        var settings = List.of(
                "git",
                "-c",
                "user.name=e2e",
                "-c",
                "user.email=e2e@localhost",
                "-c",
                "commit.gpgSign=false",
                "-c",
                "core.hooksPath=/dev/null");
        var process = new ProcessBuilder(
                        Stream.concat(settings.stream(), Stream.of(words)).toList())
                .directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            var said = process.getInputStream().readAllBytes();
            assertThat(process.waitFor()).as("git %s", List.of(words)).isZero();
            return said;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
