package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.desired.ClusterConfigMaps;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What lies around the pods: it follows the spec, is put right again, is cleared up, and is never taken from somebody else. */
class UpkeepE2E {
    private static final String SUSPENDED = "suspend: true\n";

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void theServiceFollowsTheSpec() {
        // Given
        suspended("");

        // When
        suspended("scheduler: {service: {annotations: {example.com/colour: blue}}}");

        // Then
        assertThat(real.client()
                        .services()
                        .inNamespace(real.namespace())
                        .withName("c-scheduler")
                        .get()
                        .getMetadata()
                        .getAnnotations())
                .containsEntry("example.com/colour", "blue");
    }

    @Test
    void whatSomebodyChangedIsPutRightAndWhatNobodyUsesGoes() {
        // Given
        suspended("");
        var trusted = configMaps().withName("c-trusted-ca");
        var preload = configMaps().withLabel(Labels.CLUSTER, "c").list().getItems().stream()
                .filter(c -> c.getMetadata().getName().startsWith("c-preload-"))
                .findFirst()
                .orElseThrow();

        // When: certificates are edited by hand, and there is the preload of an operator of former days
        configMaps()
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("c-preload-former")
                        .withLabels(preload.getMetadata().getLabels())
                        .withOwnerReferences(preload.getMetadata().getOwnerReferences())
                        .endMetadata()
                        .withData(Map.of("a", "b"))
                        .build())
                .create();
        var right = trusted.get().getData();
        trusted.edit(c -> new ConfigMapBuilder(c)
                .addToData(ClusterConfigMaps.CA_BUNDLE_KEY, "none")
                .build());

        // Then
        Awaitility.await()
                .atMost(RealCluster.PATIENCE)
                .until(() -> trusted.get().getData().equals(right));
        Awaitility.await()
                .atMost(RealCluster.PATIENCE)
                .until(() -> configMaps().withName("c-preload-former").get() == null);
        assertThat(configMaps().withName(preload.getMetadata().getName()).get()).isNotNull();
    }

    @Test
    void theLastTwoAcceptedSpecsAreKept() {
        // When
        for (var value : List.of("a", "b", "c", "d")) {
            suspended("env: [{name: X, value: %s}]".formatted(value));
        }

        // Then
        Awaitility.await().atMost(RealCluster.PATIENCE).untilAsserted(() -> assertThat(real.client()
                        .apps()
                        .controllerRevisions()
                        .inNamespace(real.namespace())
                        .list()
                        .getItems())
                .extracting(r -> r.getMetadata().getName())
                .contains("c-r4")
                .hasSizeLessThanOrEqualTo(3));
    }

    @Test
    void whatBelongsToSomebodyElseIsLeftAloneAndTold() {
        // Given
        var theirs = List.<HasMetadata>of(
                create(new ServiceBuilder()
                        .withNewMetadata()
                        .withName("c-scheduler")
                        .endMetadata()
                        .withNewSpec()
                        .addNewPort()
                        .withPort(80)
                        .endPort()
                        .endSpec()
                        .build()),
                create(new SecretBuilder()
                        .withNewMetadata()
                        .withName("c-ca")
                        .endMetadata()
                        .build()),
                create(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("c-trusted-ca")
                        .endMetadata()
                        .build()),
                create(new NetworkPolicyBuilder()
                        .withNewMetadata()
                        .withName("c-dask")
                        .endMetadata()
                        .withNewSpec()
                        .withNewPodSelector()
                        .endPodSelector()
                        .withPolicyTypes("Egress")
                        .addNewEgress()
                        .endEgress()
                        .endSpec()
                        .build()),
                create(new ControllerRevisionBuilder()
                        .withNewMetadata()
                        .withName("c-r1")
                        .endMetadata()
                        .withRevision(1L)
                        .withData(Map.of("a", "b"))
                        .build()));

        // When
        real.apply("c", SUSPENDED);

        // Then
        var cluster = real.await(
                "c", RealCluster.PATIENCE, c -> RealCluster.ready(c).reason().equals("NameTaken"));
        assertThat(RealCluster.ready(cluster).message()).contains("belongs to somebody else");
        assertThat(theirs).allSatisfy(object -> assertThat(
                        real.client().resource(object).get().getMetadata().getResourceVersion())
                .isEqualTo(object.getMetadata().getResourceVersion()));

        // And goes on without them
        theirs.forEach(object -> real.client().resource(object).delete());
        real.awaitReady("c");
    }

    @Test
    void aPodThatBelongsToSomebodyElseIsLeftAloneAndTold() {
        // Given
        var theirs = real.client()
                .getKubernetesSerialization()
                .unmarshal(
                        """
                apiVersion: v1
                kind: Pod
                metadata: {name: c-default-0}
                spec:
                  nodeSelector: {example.com/node: none}
                  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
                  containers:
                  - name: theirs
                    image: theirs
                    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
                """,
                        Pod.class);
        theirs = create(theirs);

        // When
        real.applySmall("c", 1);

        // Then
        var cluster = real.await(
                "c", RealCluster.PATIENCE, c -> RealCluster.ready(c).reason().equals("NameTaken"));
        assertThat(RealCluster.ready(cluster).message()).contains("Pod c-default-0");
        assertThat(real.client().resource(theirs).get().getMetadata().getDeletionTimestamp())
                .isNull();

        // And goes on without it
        real.client().resource(theirs).withGracePeriod(0).delete();
        real.awaitReady("c");
    }

    private void suspended(String spec) {
        real.apply("c", SUSPENDED + spec);
        real.await(
                "c",
                RealCluster.PATIENCE,
                c -> RealCluster.ready(c).status() == Condition.Status.True
                        && RealCluster.ready(c).reason().equals("Suspended"));
    }

    private <T extends HasMetadata> T create(T object) {
        object.getMetadata().setNamespace(real.namespace());
        return real.client().resource(object).create();
    }

    private io.fabric8.kubernetes.client.dsl.NonNamespaceOperation<
                    ConfigMap,
                    io.fabric8.kubernetes.api.model.ConfigMapList,
                    io.fabric8.kubernetes.client.dsl.Resource<ConfigMap>>
            configMaps() {
        return real.client().configMaps().inNamespace(real.namespace());
    }
}
