package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PreloadsTest {
    private static final Path SOURCES = Path.of("src/main/python/planetary_preload");

    @Test
    void every_python_file_of_the_preloads_reaches_the_pods() throws IOException {
        var preloads = Preloads.load();

        try (var files = Files.list(SOURCES)) {
            assertThat(preloads.files().keySet())
                    .containsExactlyInAnyOrderElementsOf(
                            files.map(f -> f.getFileName().toString())
                                    .filter(name -> name.endsWith(".py"))
                                    .toList());
        }
    }

    @Test
    void they_fit_a_ConfigMap() {
        var bytes = Preloads.load().files().values().stream()
                .mapToInt(String::length)
                .sum();

        assertThat(bytes).isLessThan(1 << 20);
    }
}
