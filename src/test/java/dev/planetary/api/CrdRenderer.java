package dev.planetary.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The CRD as it is committed: what fabric8 generates from the Java types, with {@code crd/overlay.yaml} laid over it.
 * Names are sorted, so that the same types always give the same text.
 */
final class CrdRenderer {
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .build());

    private CrdRenderer() {}

    /** The file's text. */
    static String yaml(ObjectNode crd) {
        try {
            return "# Generated from dev.planetary.api by `make generate`; CrdTest fails where it is not.\n"
                    + YAML.writeValueAsString(YAML.treeToValue(crd, Map.class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ObjectNode planetaryCluster() {
        ObjectNode crd = generated();
        JsonNode overlay = overlay();
        ObjectNode version = version(crd);
        ((ObjectNode) crd.at("/spec/names")).setAll((ObjectNode) overlay.get("names"));
        ((ObjectNode) version.at("/subresources/scale")).setAll((ObjectNode) overlay.get("scale"));
        merge(schema(crd), (ObjectNode) overlay.get("schema"), "");
        tidyNumbers(schema(crd));
        version.set("additionalPrinterColumns", printerColumns(PlanetaryCluster.class));
        return sorted(crd);
    }

    static ObjectNode schema(ObjectNode crd) {
        return (ObjectNode) version(crd).at("/schema/openAPIV3Schema");
    }

    private static ObjectNode version(ObjectNode crd) {
        return (ObjectNode) crd.at("/spec/versions/0");
    }

    private static ObjectNode generated() {
        var out = new ByteArrayOutputStream();
        new CRDGenerator()
                .customResourceClasses(List.of(PlanetaryCluster.class))
                .forCRDVersions("v1")
                .withOutput(new CRDGenerator.CRDOutput<ByteArrayOutputStream>() {
                    @Override
                    public ByteArrayOutputStream outputFor(String crdName) {
                        return out;
                    }

                    @Override
                    public void close() {}
                })
                .generate();
        return Serialization.unmarshal(out.toString(StandardCharsets.UTF_8), ObjectNode.class);
    }

    private static JsonNode overlay() {
        try (InputStream in = CrdRenderer.class.getResourceAsStream("/crd/overlay.yaml")) {
            return Serialization.unmarshal(in, ObjectNode.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void merge(ObjectNode base, ObjectNode overlay, String path) {
        overlay.properties().forEach(entry -> {
            String name = entry.getKey();
            JsonNode now = base.get(name);
            if (entry.getValue().isNull()) {
                base.remove(name);
            } else if (now instanceof ObjectNode below
                    && entry.getValue() instanceof ObjectNode laid
                    && !name.equals("default")) {
                merge(below, laid, path + "/" + name);
            } else if (now == null && path.matches("/properties/.*/properties")) {
                throw new IllegalArgumentException(
                        "crd/overlay.yaml speaks of " + path + "/" + name + ", which dev.planetary.api does not have");
            } else {
                base.set(name, entry.getValue().deepCopy());
            }
        });
    }

    /** fabric8 writes 1.0 where Kubernetes' own tools write 1. */
    private static void tidyNumbers(JsonNode node) {
        if (node instanceof ObjectNode object) {
            for (String bound : List.of("minimum", "maximum")) {
                if (object.path(bound).isNumber()) {
                    object.put(bound, object.get(bound).longValue());
                }
            }
        }
        node.forEach(CrdRenderer::tidyNumbers);
    }

    /** In the order of the class, which is the order people read; fabric8 sorts them by path. */
    private static ArrayNode printerColumns(Class<?> type) {
        ArrayNode columns = YAML.createArrayNode();
        for (var column : type.getAnnotationsByType(AdditionalPrinterColumn.class)) {
            ObjectNode node = columns.addObject()
                    .put("name", column.name())
                    .put("type", column.type().getValue())
                    .put("jsonPath", column.jsonPath());
            if (column.priority() > 0) {
                node.put("priority", column.priority());
            }
        }
        return columns;
    }

    private static ObjectNode sorted(ObjectNode node) {
        var names = new TreeMap<String, JsonNode>();
        node.properties().forEach(e -> names.put(e.getKey(), sortedBelow(e.getValue())));
        ObjectNode result = YAML.createObjectNode();
        names.forEach(result::set);
        return result;
    }

    private static JsonNode sortedBelow(JsonNode node) {
        if (node instanceof ObjectNode object) {
            return sorted(object);
        }
        if (node instanceof ArrayNode array) {
            ArrayNode result = YAML.createArrayNode();
            array.forEach(item -> result.add(sortedBelow(item)));
            return result;
        }
        return node;
    }
}
