package dev.planetary.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FieldValidateable.Validation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a real API server accepts and refuses, by example: {@code crd/valid-*.yaml} and {@code crd/invalid-*.yaml}. */
class CrdValidationIT {
    private static final Path EXAMPLES = Path.of("src/test/resources/crd");
    private static final Path SAMPLES = Path.of("deploy/manifests/samples");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

    @RegisterExtension
    static final ApiServer api = new ApiServer();

    @TestFactory
    Stream<DynamicTest> valid_examples_are_accepted_and_kept_as_written() {
        return examples("valid-").map(CrdValidationIT::isKeptAsWritten);
    }

    /** What people copy first. */
    @TestFactory
    Stream<DynamicTest> samples_are_accepted_and_kept_as_written() {
        return files(SAMPLES, "")
                .filter(file -> !name(file).equals("kustomization.yaml"))
                .map(CrdValidationIT::isKeptAsWritten);
    }

    @TestFactory
    Stream<DynamicTest> invalid_examples_are_refused_with_a_message_that_helps() {
        return examples("invalid-")
                .map(file -> dynamicTest(name(file), () -> {
                    var example = Serialization.unmarshal(text(file), InvalidExample.class);

                    var refusal = catchThrowableOfType(KubernetesClientException.class, () -> attempt(example));

                    assertThat(refusal).as("refusal of %s", file).isNotNull();
                    assertThat(refusal.getStatus().getMessage())
                            .as("refusal of %s", file)
                            .contains(example.expectFailureMessageToContain());
                    // Strict decoding comes before validation, and is a bad request.
                    assertThat(refusal.getCode())
                            .isEqualTo(refusal.getMessage().contains("strict decoding error") ? 400 : 422);
                }));
    }

    @Test
    void scale_works_on_an_empty_spec() {
        scales("empty-spec", "spec: {}");
    }

    @Test
    void scale_works_without_a_spec() {
        scales("no-spec", "");
    }

    @Test
    void scale_works_where_other_fields_of_workers_are_set() {
        scales("other-fields", "spec: {workers: {threads: 2}}");
    }

    @Test
    void scale_refuses_what_the_spec_refuses() {
        var cluster = inNamespace(cluster("too-many", "spec: {}"));
        cluster.create();

        var refusal = catchThrowableOfType(KubernetesClientException.class, () -> cluster.scale(10_001));

        assertThat(refusal).hasMessageContaining("should be less than or equal to 10000");
        cluster.delete();
    }

    @Test
    void records_read_back_what_the_server_kept() {
        var resource = Serialization.unmarshal(text(EXAMPLES.resolve("valid-everything.yaml")), PlanetaryCluster.class);
        resource.setMetadata(new ObjectMetaBuilder()
                .withName("records")
                .withNamespace(api.namespace())
                .build());

        var created = api.client()
                .resource(resource)
                .fieldValidation(Validation.STRICT)
                .create();

        assertThat(created.getSpec()).isEqualTo(resource.getSpec());
        api.client().resource(created).delete();
    }

    @Test
    void a_full_status_is_kept_and_the_spec_is_not_touched_by_it() {
        var created = api.client()
                .resource(Serialization.unmarshal(
                        """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryCluster
                metadata: {name: status}
                """,
                        PlanetaryCluster.class))
                .inNamespace(api.namespace())
                .create();
        created.setStatus(new PlanetaryClusterStatus(
                1L,
                PlanetaryClusterStatus.Phase.Running,
                List.of(new Condition(
                        Condition.READY, Condition.Status.True, 1L, "2026-11-23T21:00:00Z", "AllReady", "")),
                new PlanetaryClusterStatus.SchedulerStatus(
                        "tls://status-scheduler.ns.svc:8786",
                        "https://status-scheduler.ns.svc:8787/status",
                        "status-scheduler-0",
                        0),
                new PlanetaryClusterStatus.WorkersStatus(
                        1, 1, 1, 0, "planetary.dev/cluster=status,planetary.dev/group=default"),
                List.of(new PlanetaryClusterStatus.GroupStatus("default", 1, 1, 0))));

        var updated = api.client().resource(created).updateStatus();

        assertThat(updated.getStatus()).isEqualTo(created.getStatus());
        assertThat(updated.getMetadata().getGeneration()).isEqualTo(1);
        var scale = api.client().resource(updated).scale();
        assertThat(scale.getStatus().getReplicas()).isEqualTo(1);
        assertThat(scale.getStatus().getSelector())
                .isEqualTo("planetary.dev/cluster=status,planetary.dev/group=default");
        api.client().resource(updated).delete();
    }

    @Test
    void a_condition_cannot_be_said_twice() {
        var created = inNamespace(cluster("twice", "")).create();
        var status = Serialization.unmarshal(
                """
                conditions:
                - {type: Ready, status: "True", reason: A, message: "", lastTransitionTime: "2026-11-23T21:00:00Z"}
                - {type: Ready, status: "False", reason: B, message: "", lastTransitionTime: "2026-11-23T21:00:00Z"}
                """,
                JsonNode.class);
        created.setAdditionalProperty("status", status);

        var refusal = catchThrowableOfType(
                KubernetesClientException.class, () -> inNamespace(created).updateStatus());

        assertThat(refusal).hasMessageContaining("status.conditions[1]: Duplicate value");
        inNamespace(created).delete();
    }

    /** kubectl apply keeps the whole file as an annotation, and annotations may not exceed 256 KiB together. */
    @Test
    void crds_fit_the_annotation_of_a_plain_kubectl_apply() {
        for (Path file : ApiServer.crdFiles()) {
            var crd = Serialization.unmarshal(text(file), CustomResourceDefinition.class);
            crd.getMetadata().getAnnotations().put(LAST_APPLIED, Serialization.asJson(crd));

            var applied = api.client()
                    .resource(crd)
                    .dryRun()
                    .fieldManager("kubectl-client-side-apply")
                    .forceConflicts()
                    .serverSideApply();

            assertThat(applied.getMetadata().getAnnotations()).containsKey(LAST_APPLIED);
        }
    }

    /** Every rule compiles and stays within the cost limit, or the server would not have taken the CRD; it also keeps all of it. */
    @Test
    void crds_are_kept_as_committed() {
        for (Path file : ApiServer.crdFiles()) {
            JsonNode written = Serialization.unmarshal(text(file), JsonNode.class);

            var kept = api.client()
                    .apiextensions()
                    .v1()
                    .customResourceDefinitions()
                    .withName(written.at("/metadata/name").asText())
                    .get();

            assertThat(missing(written.get("spec"), JSON.valueToTree(kept.getSpec()), "spec"))
                    .isEmpty();
        }
    }

    private static void scales(String name, String spec) {
        var cluster = inNamespace(cluster(name, spec));
        cluster.create();
        assertThat(cluster.scale().getSpec().getReplicas()).isEqualTo(1);

        cluster.scale(3);

        assertThat(cluster.scale().getSpec().getReplicas()).isEqualTo(3);
        assertThat(cluster.get().<Object>get("spec", "workers", "replicas")).isEqualTo(3);
        cluster.delete();
    }

    private static GenericKubernetesResource cluster(String name, String spec) {
        return Serialization.unmarshal(
                """
                apiVersion: planetary.dev/v1alpha1
                kind: PlanetaryCluster
                metadata: {name: %s}
                %s
                """
                        .formatted(name, spec),
                GenericKubernetesResource.class);
    }

    private static Resource<GenericKubernetesResource> inNamespace(GenericKubernetesResource resource) {
        return api.client().resource(resource).inNamespace(api.namespace());
    }

    /** Paths of what {@code written} says and {@code kept} does not. */
    private static List<String> missing(JsonNode written, JsonNode kept, String path) {
        if (written.isObject() && kept.isObject()) {
            return written.properties().stream()
                    .flatMap(e -> missing(e.getValue(), kept.path(e.getKey()), path + "." + e.getKey()).stream())
                    .toList();
        }
        if (written.isArray() && kept.isArray() && written.size() == kept.size()) {
            return Stream.iterate(0, i -> i < written.size(), i -> i + 1)
                    .flatMap(i -> missing(written.get(i), kept.get(i), path + "[" + i + "]").stream())
                    .toList();
        }
        boolean same = written.isNumber() && kept.isNumber()
                ? written.decimalValue().compareTo(kept.decimalValue()) == 0
                : written.equals(kept);
        return same ? List.of() : List.of(path + ": " + written + " became " + kept);
    }

    private static DynamicTest isKeptAsWritten(Path file) {
        return dynamicTest(name(file), () -> {
            var resource = Serialization.unmarshal(text(file), GenericKubernetesResource.class);

            var created = inNamespace(resource)
                    .dryRun()
                    .fieldValidation(Validation.STRICT)
                    .create();

            JsonNode written = JSON.valueToTree(resource.getAdditionalProperties());
            JsonNode kept = JSON.valueToTree(created.getAdditionalProperties());
            assertThat(missing(written, kept, ""))
                    .as("fields of %s that the server dropped or changed", file)
                    .isEmpty();
        });
    }

    private static Stream<Path> examples(String prefix) {
        return files(EXAMPLES, prefix);
    }

    private static Stream<Path> files(Path folder, String prefix) {
        try (var files = Files.list(folder)) {
            var found = files.filter(f -> name(f).startsWith(prefix)).sorted().toList();
            assertThat(found).isNotEmpty();
            return found.stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * What a file {@code invalid-*.yaml} holds.
     *
     * @param before what the resource is a change of, if it is one
     */
    record InvalidExample(
            GenericKubernetesResource before,
            GenericKubernetesResource resource,
            String expectFailureMessageToContain) {}

    private static void attempt(InvalidExample example) {
        if (example.before() == null) {
            inNamespace(example.resource())
                    .dryRun()
                    .fieldValidation(Validation.STRICT)
                    .create();
            return;
        }
        var before = inNamespace(example.before()).create();
        try {
            example.resource()
                    .getMetadata()
                    .setResourceVersion(before.getMetadata().getResourceVersion());
            inNamespace(example.resource())
                    .dryRun()
                    .fieldValidation(Validation.STRICT)
                    .update();
        } finally {
            inNamespace(example.before()).delete();
        }
    }
}
