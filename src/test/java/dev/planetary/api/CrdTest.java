package dev.planetary.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The committed CRDs and their reference pages say what the Java types say, and every field keeps the promises of the API. */
@ParameterizedClass
@EnumSource
class CrdTest {
    private static final Path EXAMPLES = Path.of("src/test/resources/crd");
    /** Helm packs no file from outside a chart, and follows no link: the chart has copies. */
    private static final Path IN_THE_CHART = Path.of("deploy/helm/planetary-operator/files/crds");

    private static final boolean GENERATE = Boolean.getBoolean("planetary.generate");

    /** Our kinds, and where what is generated of them lies. */
    enum Kind {
        PLANETARY_CLUSTER(CrdRenderer::planetaryCluster, "planetaryclusters", "docs/crd-reference.md"),
        PLANETARY_JOB(CrdRenderer::planetaryJob, "planetaryjobs", "docs/crd-reference-job.md"),
        PLANETARY_NODE_POOL(CrdRenderer::planetaryNodePool, "planetarynodepools", "docs/crd-reference-nodepool.md");

        private final Supplier<ObjectNode> render;
        private final Path crd;
        private final Path reference;

        Kind(Supplier<ObjectNode> render, String plural, String reference) {
            this.render = render;
            this.crd = Path.of("deploy/crds/" + plural + ".planetary.dev-v1.yaml");
            this.reference = Path.of(reference);
        }
    }

    private final Kind kind;
    private final ObjectNode crd;
    private final ObjectNode schema;

    CrdTest(Kind kind) {
        this.kind = kind;
        crd = kind.render.get();
        schema = CrdRenderer.schema(crd);
    }

    @Test
    void committed_crd_is_what_the_types_generate() throws IOException {
        isCommitted(kind.crd, CrdRenderer.yaml(crd));
        isCommitted(IN_THE_CHART.resolve(kind.crd.getFileName()), CrdRenderer.yaml(crd));
    }

    @Test
    void committed_reference_is_what_the_crd_says() throws IOException {
        isCommitted(kind.reference, CrdReference.markdown(crd));
    }

    @Test
    void same_types_give_the_same_text() {
        assertThat(CrdRenderer.yaml(kind.render.get())).isEqualTo(CrdRenderer.yaml(crd));
    }

    /** Plain {@code kubectl apply} keeps the file in an annotation of at most 256 KiB. */
    @Test
    void crd_stays_below_200_kib() {
        assertThat(CrdRenderer.yaml(crd).getBytes(StandardCharsets.UTF_8).length)
                .isLessThan(200 * 1024);
    }

    @Test
    void every_field_is_described() {
        assertThat(fieldsWhere((path, field) -> !field.has("description")
                        && !path.equals(".metadata")
                        && !path.endsWith("[]")
                        && !path.endsWith("{}")))
                .isEmpty();
    }

    @Test
    void strings_lists_and_maps_are_bounded() {
        assertThat(fieldsWhere((path, field) -> switch (field.path("type").asText()) {
                    case "string" ->
                        !field.has("maxLength")
                                && !field.has("enum")
                                && !path.equals(".apiVersion")
                                && !path.equals(".kind");
                    case "array" -> !field.has("maxItems");
                    case "object" -> field.has("additionalProperties") && !field.has("maxProperties");
                    default -> field.path("x-kubernetes-int-or-string").asBoolean() && !field.has("maxLength");
                }))
                .isEmpty();
    }

    /** Without one, server-side apply takes a list for atomic, and nobody decided that. */
    @Test
    void every_list_says_how_it_merges() {
        assertThat(fieldsWhere((_, field) ->
                        field.path("type").asText().equals("array") && !field.has("x-kubernetes-list-type")))
                .isEmpty();
    }

    /** Argo CD compares lists of custom resources as a whole: a default in an item would be an eternal difference. */
    @Test
    void nothing_below_a_list_item_has_a_default() {
        assertThat(fieldsWhere((path, field) -> path.contains("[]") && field.has("default")))
                .isEmpty();
    }

    @Test
    void every_rule_says_what_to_write() {
        var silent = fieldsWhere((_, field) -> {
            for (JsonNode rule : field.path("x-kubernetes-validations")) {
                if (!rule.path("message").asText().matches("(?s).*\\b(write|leave)\\b.*")) {
                    return true;
                }
            }
            return false;
        });
        assertThat(silent).isEmpty();
    }

    /** An example that is refused with a rule's message shows that the rule can fail; CrdValidationIT runs it. */
    @Test
    void every_rule_has_an_example_that_breaks_it() throws IOException {
        var examples = new ArrayList<String>();
        try (var files = Files.newDirectoryStream(EXAMPLES, "invalid-*.yaml")) {
            for (Path file : files) {
                examples.add(Serialization.unmarshal(Files.readString(file), JsonNode.class)
                        .get("expectFailureMessageToContain")
                        .asText());
            }
        }
        var without = new TreeSet<String>();
        fieldsWhere((_, field) -> {
            field.path("x-kubernetes-validations")
                    .forEach(rule -> without.add(rule.get("message").asText()));
            return false;
        });
        without.removeIf(message -> examples.stream().anyMatch(message::startsWith));
        assertThat(without).isEmpty();
    }

    @Test
    void scale_finds_its_fields() {
        assumeThat(kind).isEqualTo(Kind.PLANETARY_CLUSTER);
        JsonNode scale = crd.at("/spec/versions/0/subresources/scale");
        assertThat(scale.get("specReplicasPath").asText()).isEqualTo(".spec.workers.replicas");
        assertThat(scale.get("statusReplicasPath").asText()).isEqualTo(".status.workers.replicas");
        assertThat(scale.get("labelSelectorPath").asText()).isEqualTo(".status.workers.selector");
        assertThat(schema.at("/properties/spec/default").toString()).isEqualTo("{}");
        assertThat(schema.at("/properties/spec/properties/workers/default").toString())
                .isEqualTo("{}");
        assertThat(schema.at("/properties/spec/properties/workers/properties/replicas/default")
                        .asInt())
                .isEqualTo(1);
    }

    private List<String> fieldsWhere(BiPredicate<String, JsonNode> wrong) {
        var found = new ArrayList<String>();
        walk("", schema, wrong, found);
        return found;
    }

    private static void walk(String path, JsonNode node, BiPredicate<String, JsonNode> wrong, List<String> found) {
        if (wrong.test(path, node)) {
            found.add(path);
        }
        node.path("properties").properties().forEach(e -> walk(path + "." + e.getKey(), e.getValue(), wrong, found));
        if (node.has("items")) {
            walk(path + "[]", node.get("items"), wrong, found);
        }
        if (node.has("additionalProperties")) {
            walk(path + "{}", node.get("additionalProperties"), wrong, found);
        }
    }

    private static void isCommitted(Path file, String wanted) throws IOException {
        if (GENERATE) {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, wanted);
            return;
        }
        String remedy =
                "run `make generate` (mvn -q test -Dtest=CrdTest -Dplanetary.generate=true) and commit the file";
        if (!Files.exists(file)) {
            fail(file + " is missing: " + remedy);
        }
        assertThat(Files.readString(file))
                .as("%s is out of date: %s", file, remedy)
                .isEqualTo(wanted);
    }
}
