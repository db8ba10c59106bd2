package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples, applied as a user applies them: four jobs on one cluster, with the numbers that plain numpy gives. */
class ExamplesE2E {
    private static final List<String> EXAMPLES =
            List.of("ndvi-time-series", "cloudless-mosaic", "daymet-zarr", "air-quality-parquet");

    private final ObjectMapper json = new ObjectMapper();

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void everyExampleRunsAsAJobAndFindsWhatNumpyFindsInTheSourceData() {
        // When
        real.kubectl("apply", "-k", "examples");

        // Then
        var found = EXAMPLES.stream().collect(Collectors.toMap(e -> e, this::result));
        var truth = truth();
        for (var example : EXAMPLES) {
            assertThat(numbers(found.get(example)).keySet())
                    .as(example)
                    .isEqualTo(numbers(truth.get(example)).keySet())
                    .hasSizeGreaterThan(3);
            numbers(truth.get(example)).forEach((name, value) -> assertThat(
                            numbers(found.get(example)).get(name))
                    .as(example + ": " + name)
                    .isCloseTo(value, within(1e-9 * Math.abs(value))));
        }
    }

    private JsonNode result(String job) {
        var end = real.awaitJob(job, RealCluster.PATIENCE.multipliedBy(4), PlanetaryJobStatus::isFinal);
        assertThat(end.phase()).as(job + ": " + end.message()).isEqualTo(Phase.Succeeded);
        return read(end.result());
    }

    /** The same numbers without Dask, catalogue and blobs. */
    private Map<String, JsonNode> truth() {
        var program = RealCluster.read(Path.of("src/test/resources/e2e/examples.py"));
        var said = real.python(real.clientPod("examples"), program);
        assertThat(said.exitCode()).as(said.output()).isZero();
        return said.output()
                .lines()
                .map(line -> line.split(" ", 2))
                .collect(Collectors.toMap(words -> words[0], words -> read(words[1])));
    }

    private JsonNode read(String text) {
        try {
            return json.readTree(text);
        } catch (IOException e) {
            throw new AssertionError(text, e);
        }
    }

    /** Every number in it, by its path. */
    private static Map<String, Double> numbers(JsonNode node) {
        var found = new TreeMap<String, Double>();
        collect("", node, found);
        return found;
    }

    private static void collect(String path, JsonNode node, Map<String, Double> into) {
        if (node.getNodeType() == JsonNodeType.NUMBER) {
            into.put(path, node.doubleValue());
        }
        node.properties().forEach(field -> collect(path + "/" + field.getKey(), field.getValue(), into));
        for (var i = 0; node.isArray() && i < node.size(); i++) {
            collect(path + "/" + i, node.get(i), into);
        }
    }
}
