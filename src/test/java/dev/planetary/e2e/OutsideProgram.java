package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A Python program on this machine, outside of the cluster: it prints words and reads lines, as {@link Dialogue} does in a pod. */
final class OutsideProgram implements AutoCloseable {
    private final Path log;
    private final Process process;

    /** @param environment beside what Python needs: {@code NAME=value} */
    OutsideProgram(Laptop laptop, String program, List<String> environment) {
        try {
            log = Files.createTempFile("outside", ".log");
            var command = new ArrayList<>(laptop.prefix());
            command.addAll(List.of(python(), "-u", "-c", program));
            var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            var env = builder.environment();
            env.keySet().removeIf(name -> name.startsWith("DASK_") || name.startsWith("KUBE"));
            env.put("PYTHONPATH", Path.of("src/main/python").toAbsolutePath().toString());
            env.put("PYTHONDONTWRITEBYTECODE", "1");
            environment.stream().map(e -> e.split("=", 2)).forEach(e -> env.put(e[0], e[1]));
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The Python of `make check`, which has the client image's Dask. */
    private static String python() {
        var python = System.getProperty("planetary.e2e.python", "");
        assertThat(python)
                .as("run `make test`, which sets planetary.e2e.python")
                .isNotBlank();
        return python;
    }

    String output() {
        try {
            return Files.readString(log, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for a line that begins with this word and returns the rest of it. */
    String await(String word) {
        return Awaitility.await("the program says " + word)
                .atMost(RealCluster.PATIENCE.plus(Duration.ofSeconds(60)))
                .pollInterval(Duration.ofMillis(100))
                .until(
                        () -> {
                            var said = output().lines()
                                    .filter(l -> l.startsWith(word + " "))
                                    .map(l -> l.substring(word.length()).strip())
                                    .findFirst();
                            assertThat(said.isPresent() || process.isAlive())
                                    .as("still to say %s:%n%s", word, output())
                                    .isTrue();
                            return said;
                        },
                        Optional::isPresent)
                .orElseThrow();
    }

    /** Lets it go on from its {@code input()}. */
    void say() {
        try {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the program ends, and insists that it ends well. */
    void end() {
        try {
            assertThat(process.waitFor(RealCluster.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .as("ended: " + output())
                    .isTrue();
            assertThat(process.exitValue()).as(output()).isZero();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        Files.deleteIfExists(log);
    }
}
