package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.dsl.ExecWatch;
import io.fabric8.kubernetes.client.dsl.PodResource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;

/** A Python program that runs in a pod while the test does something to the cluster; it prints words and reads lines. */
final class Dialogue implements AutoCloseable {
    /** Python's own print writes word by word, and Dask logs meanwhile. */
    static final String IN_ONE_PIECE =
            """
            def print(*words, flush=True):
                import sys
                sys.stdout.write(" ".join(map(str, words)) + "\\n")

            """;

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final ExecWatch exec;

    Dialogue(PodResource pod, String program) {
        exec = pod.redirectingInput()
                .writingOutput(output)
                .writingError(output)
                .exec("python", "-u", "-c", IN_ONE_PIECE + program);
    }

    String output() {
        return output.toString(StandardCharsets.UTF_8);
    }

    /** Waits for a line that begins with this word and returns the rest of it. */
    String await(String word) {
        return Awaitility.await("the program says " + word)
                .atMost(RealCluster.PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(
                        () -> {
                            var said = line(word);
                            assertThat(said.isPresent() || !exec.exitCode().isDone())
                                    .as("still to say %s:%n%s", word, output())
                                    .isTrue();
                            return said;
                        },
                        Optional::isPresent)
                .orElseThrow();
    }

    void say(String word) {
        try {
            exec.getInput().write((word + "\n").getBytes(StandardCharsets.UTF_8));
            exec.getInput().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the program ends, and insists that it ends well. */
    String end() {
        try {
            assertThat(exec.exitCode().get(RealCluster.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .as(output())
                    .isZero();
            return output();
        } catch (TimeoutException | ExecutionException e) {
            throw new AssertionError("The program did not end: " + output(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private Optional<String> line(String word) {
        return lines(word).stream().findFirst();
    }

    /** The rest of every line so far that begins with this word. */
    List<String> lines(String word) {
        // The last one may be half a line.
        var said = output();
        return said.substring(0, said.lastIndexOf('\n') + 1)
                .lines()
                .filter(l -> l.startsWith(word + " ") || l.equals(word))
                .map(l -> l.substring(word.length()).strip())
                .toList();
    }

    @Override
    public void close() {
        exec.close();
    }
}
