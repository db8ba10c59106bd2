package dev.planetary;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may know whom (architecture: observe, decide, act, tell); read from the sources' imports. */
class LayeringTest {
    private static final Path MAIN = Path.of("src/main/java/dev/planetary");
    private static final Set<String> PURE = Set.of("api", "desired", "plan", "status", "validate", "observe");
    private static final int LONGEST_CLASS = 250;
    private static final Pattern IMPORT = Pattern.compile("(?m)^import (?:static )?([\\w.]+)");
    /** A call on a field or variable named client that changes something, over line ends too. */
    private static final Pattern WRITE = Pattern.compile(
            "\\bclient\\b[^;]*?\\.(create\\w*|patch\\w*|update\\w*|replace\\w*|delete\\w*|edit\\w*|serverSideApply|evict|scale|unlock)\\(");

    /** Path below {@link #MAIN} to text. */
    private final Map<String, String> sources = sources();

    @Test
    void what_decides_knows_neither_the_SDK_nor_the_client_nor_CDI() {
        assertThat(imports(
                        this::isPure,
                        name -> name.startsWith("io.javaoperatorsdk")
                                || name.startsWith("io.quarkus")
                                || name.startsWith("io.quarkiverse")
                                || name.startsWith("jakarta.")
                                || name.startsWith("io.smallrye")
                                || name.startsWith("org.eclipse.microprofile")
                                || name.startsWith("io.fabric8.kubernetes.client")))
                .containsExactly(
                        "api/PlanetaryCluster.java imports io.fabric8.kubernetes.client.CustomResource",
                        "api/PlanetaryJob.java imports io.fabric8.kubernetes.client.CustomResource",
                        "api/PlanetaryNodePool.java imports io.fabric8.kubernetes.client.CustomResource");
    }

    @Test
    void what_decides_knows_nobody_who_acts() {
        assertThat(imports(this::isPure, name -> Stream.of("reconcile", "apply", "settings")
                        .anyMatch(p -> name.startsWith("dev.planetary." + p + "."))))
                .isEmpty();
    }

    @Test
    void the_API_types_know_nobody() {
        assertThat(imports(
                        path -> path.startsWith("api/"),
                        name -> name.startsWith("dev.planetary.") && !name.startsWith("dev.planetary.api.")))
                .isEmpty();
    }

    @Test
    void what_decides_reads_no_clock_and_no_chance() {
        assertThat(containing(
                        Pattern.compile(
                                "\\b(Instant|Clock|LocalDateTime|ZonedDateTime)\\.(now|system)|System\\.(currentTimeMillis|nanoTime)"
                                        + "|new Random|ThreadLocalRandom|UUID\\.randomUUID|Math\\.random"),
                        this::isPure))
                .isEmpty();
    }

    @Test
    void only_apply_and_who_puts_it_together_or_reads_know_the_client() {
        assertThat(imports(path -> !path.startsWith("apply/"), "io.fabric8.kubernetes.client.KubernetesClient"::equals))
                .extracting(found -> found.substring(0, found.indexOf(' ')))
                .isSubsetOf(
                        "reconcile/ClusterParts.java",
                        "reconcile/JobParts.java",
                        "reconcile/NodePools.java",
                        "reconcile/OperatorBeans.java",
                        "reconcile/PoolParts.java",
                        "reconcile/Secrets.java",
                        "reconcile/TrustedCa.java");
    }

    @Test
    void only_azure_knows_the_SDK_of_Azure() {
        assertThat(imports(path -> !path.startsWith("azure/"), name -> name.startsWith("com.azure.")))
                .isEmpty();
    }

    @Test
    void only_apply_writes_to_Kubernetes() {
        assertThat(containing(WRITE, path -> path.startsWith("apply/")))
                .as("the pattern finds writes")
                .isNotEmpty();
        assertThat(containing(WRITE, path -> path.startsWith("reconcile/"))).isEmpty();
    }

    @Test
    void only_settings_reads_configuration() {
        assertThat(containing(
                        Pattern.compile(
                                "ConfigProvider|@ConfigProperty|@ConfigMapping|System\\.getenv|System\\.getProperty"),
                        path -> !path.startsWith("settings/")))
                .isSubsetOf("reconcile/OperatorBeans.java");
    }

    @Test
    void no_class_is_longer_than_a_reader_s_patience() {
        assertThat(sources.entrySet().stream()
                        .filter(e -> e.getValue().lines().count() > LONGEST_CLASS)
                        .map(Map.Entry::getKey))
                .isEmpty();
    }

    private boolean isPure(String path) {
        return PURE.contains(path.substring(0, path.indexOf('/')));
    }

    private List<String> imports(Predicate<String> of, Predicate<String> imported) {
        return sources.entrySet().stream()
                .filter(e -> of.test(e.getKey()))
                .flatMap(e -> IMPORT.matcher(e.getValue())
                        .results()
                        .map(m -> m.group(1))
                        .filter(imported)
                        .map(name -> e.getKey() + " imports " + name))
                .toList();
    }

    private List<String> containing(Pattern pattern, Predicate<String> in) {
        return sources.entrySet().stream()
                .filter(e ->
                        in.test(e.getKey()) && pattern.matcher(e.getValue()).find())
                .map(Map.Entry::getKey)
                .toList();
    }

    private static Map<String, String> sources() {
        try (var files = Files.walk(MAIN)) {
            var sources = new TreeMap<String, String>();
            for (var file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                sources.put(MAIN.relativize(file).toString().replace('\\', '/'), Files.readString(file));
            }
            return sources;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
