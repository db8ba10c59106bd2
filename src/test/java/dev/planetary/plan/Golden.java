package dev.planetary.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.planetary.observe.Folder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;

/** The {@code out-} files of a folder: as they should be, written out where that is asked for. */
final class Golden {
    private static final boolean GENERATE = Boolean.getBoolean("planetary.generate");
    private static final ObjectMapper JSON =
            new ObjectMapper().setDefaultPropertyInclusion(JsonInclude.Include.NON_EMPTY);
    private static final ObjectMapper YAML = YAMLMapper.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .enable(YAMLGenerator.Feature.INDENT_ARRAYS_WITH_INDICATOR)
            .configure(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY, true)
            .configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true)
            .build();

    /** File name to text. */
    private final Map<String, String> made = new TreeMap<>();

    /** The tests of every folder below, by what is made of it. */
    static Stream<DynamicNode> folders(Path root, Function<Folder, Golden> make) {
        return Folder.all(root).stream()
                .map(folder ->
                        dynamicContainer(folder.name(), make.apply(folder).tests(folder)));
    }

    void put(String file, Object content) {
        made.put(file, yaml(content));
    }

    void put(HasMetadata object) {
        put("out-%s-%s.yaml".formatted(object.getKind(), object.getMetadata().getName()), object);
    }

    /** A test for each file that should be there, and one that no other is. */
    Stream<DynamicNode> tests(Folder folder) {
        if (GENERATE) {
            write(folder);
        }
        return Stream.concat(
                made.entrySet().stream()
                        .map(file -> dynamicTest(file.getKey(), () -> assertThat(file.getValue())
                                .isEqualTo(folder.text(file.getKey()).orElse("")))),
                Stream.of(dynamicTest("every expected file is made", () -> assertThat(folder.names("out-"))
                        .isSubsetOf(made.keySet()))));
    }

    /** Through a map, so that every object is written in the order of the alphabet. */
    private static String yaml(Object object) {
        try {
            return YAML.writeValueAsString(JSON.convertValue(object, new TypeReference<TreeMap<String, Object>>() {}));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(Folder folder) {
        try {
            for (var old :
                    folder.names("out-").filter(name -> !made.containsKey(name)).toList()) {
                Files.delete(folder.path().resolve(old));
            }
            for (var file : made.entrySet()) {
                Files.writeString(folder.path().resolve(file.getKey()), file.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
