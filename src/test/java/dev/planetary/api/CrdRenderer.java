package dev.planetary.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.kubernetes.client.CustomResource;
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

    /** What a job says in the words of a cluster: same schema, same rules, by their paths in either. */
    private static final Map<String, String> COPIED = Map.of(
            "/properties/spec/properties/cluster", "/properties/spec",
            "/properties/spec/properties/env", "/properties/spec/properties/env",
            "/properties/spec/properties/envFrom", "/properties/spec/properties/envFrom",
            "/properties/spec/properties/resources", "/properties/spec/properties/scheduler/properties/resources",
            "/properties/spec/properties/data", "/properties/spec/properties/data",
            "/properties/spec/properties/template", "/properties/spec/properties/scheduler/properties/template",
            "/properties/status/properties/conditions", "/properties/status/properties/conditions");

    private static final Map<String, String> POOLS_COPIES = Map.of(
            "/properties/spec/properties/allowedNamespaces",
                    "/properties/spec/properties/networkPolicy/properties/allowFrom/items/properties/namespaceSelector",
            "/properties/status/properties/conditions", "/properties/status/properties/conditions");

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
        ObjectNode crd = generated(PlanetaryCluster.class);
        JsonNode overlay = overlay("overlay.yaml");
        ((ObjectNode) version(crd).at("/subresources/scale")).setAll((ObjectNode) overlay.get("scale"));
        return laidOver(crd, overlay, PlanetaryCluster.class);
    }

    static ObjectNode planetaryJob() {
        ObjectNode crd = generated(PlanetaryJob.class);
        // The generator meets the workers' @SpecReplicas inside the job's cluster.
        ((ObjectNode) version(crd).at("/subresources")).remove("scale");
        ObjectNode cluster = schema(planetaryCluster());
        COPIED.forEach((to, from) -> copy(cluster, from, crd, to));
        return laidOver(crd, overlay("job-overlay.yaml"), PlanetaryJob.class);
    }

    private static void copy(ObjectNode cluster, String from, ObjectNode crd, String to) {
        ObjectNode copy = cluster.at(from).deepCopy();
        copy.remove("default");
        copy.set("description", schema(crd).at(to + "/description"));
        int slash = to.lastIndexOf('/');
        ((ObjectNode) schema(crd).at(to.substring(0, slash))).set(to.substring(slash + 1), copy);
    }

    static ObjectNode planetaryNodePool() {
        ObjectNode crd = generated(PlanetaryNodePool.class);
        ObjectNode cluster = schema(planetaryCluster());
        POOLS_COPIES.forEach((to, from) -> copy(cluster, from, crd, to));
        return laidOver(crd, overlay("pool-overlay.yaml"), PlanetaryNodePool.class);
    }

    private static ObjectNode laidOver(ObjectNode crd, JsonNode overlay, Class<?> type) {
        ((ObjectNode) crd.at("/spec/names")).setAll((ObjectNode) overlay.get("names"));
        merge(schema(crd), (ObjectNode) overlay.get("schema"), "");
        tidyNumbers(schema(crd));
        version(crd).set("additionalPrinterColumns", printerColumns(type));
        return sorted(crd);
    }

    static ObjectNode schema(ObjectNode crd) {
        return (ObjectNode) version(crd).at("/schema/openAPIV3Schema");
    }

    private static ObjectNode version(ObjectNode crd) {
        return (ObjectNode) crd.at("/spec/versions/0");
    }

    private static ObjectNode generated(Class<? extends CustomResource<?, ?>> type) {
        var out = new ByteArrayOutputStream();
        new CRDGenerator()
                .customResourceClasses(List.of(type))
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

    private static JsonNode overlay(String file) {
        try (InputStream in = CrdRenderer.class.getResourceAsStream("/crd/" + file)) {
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
                        "the overlay speaks of " + path + "/" + name + ", which dev.planetary.api does not have");
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
