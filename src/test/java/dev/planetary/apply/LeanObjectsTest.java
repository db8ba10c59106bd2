package dev.planetary.apply;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.planetary.api.PlanetaryCluster;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import org.junit.jupiter.api.Test;

class LeanObjectsTest {
    private static final String POD =
            """
            {"apiVersion": "v1", "kind": "Pod",
             "metadata": {"name": "p", "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
                          "labels": {"a": "b"}, "unheardOf": 1},
             "spec": {"nodeName": "n", "affinity": {}, "volumes": [{"name": "v", "configMap": {"name": "c"}},
                                                               {"name": "s", "secret": {"secretName": "t"}}],
                      "containers": [{"name": "dask", "env": [{"name": "A", "value": "1"}], "command": ["dask"],
                                      "resources": {"limits": {"cpu": "1"}}}]},
             "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "qosClass": "Burstable",
                        "containerStatuses": [{"name": "dask", "restartCount": 2, "image": "i", "imageID": "sha256:0",
                                               "resources": {"limits": {"cpu": "1"}},
                                               "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]}}
            """;

    private final KubernetesSerialization client = client();

    private static KubernetesSerialization client() {
        var json = new ObjectMapper();
        new LeanObjects().customize(json);
        return new KubernetesSerialization(json, true);
    }

    @Test
    void managedFieldsAreNotRead() {
        var pod = client.unmarshal(POD, Pod.class);

        assertThat(pod.getMetadata().getManagedFields()).isEmpty();
        assertThat(pod.getMetadata().getLabels()).containsEntry("a", "b");
        assertThat(client.asJson(pod)).doesNotContain("managedFields").contains("\"name\"", "\"unheardOf\"");
    }

    @Test
    void ofAPodsSpecIsReadWhatDecisionsRestOn() {
        var pod = client.unmarshal(POD, Pod.class);

        var container = pod.getSpec().getContainers().getFirst();
        assertThat(container.getEnv()).isEmpty();
        assertThat(container.getCommand()).isEmpty();
        assertThat(container.getAdditionalProperties()).isEmpty();
        assertThat(container.getResources().getLimits()).containsKey("cpu");
        assertThat(pod.getSpec().getAffinity()).isNull();
        assertThat(pod.getSpec().getNodeName()).isEqualTo("n");
        assertThat(pod.getSpec().getVolumes().getFirst().getConfigMap().getName())
                .isEqualTo("c");
        assertThat(pod.getSpec().getVolumes().getLast().getSecret()).isNull();
    }

    @Test
    void ofAPodsStatusIsReadHowItFares() {
        var status = client.unmarshal(POD, Pod.class).getStatus();

        assertThat(status.getPhase()).isEqualTo("Running");
        assertThat(status.getPodIP()).isEqualTo("10.0.0.1");
        assertThat(status.getPodIPs()).isEmpty();
        assertThat(status.getAdditionalProperties()).isEmpty();
        var container = status.getContainerStatuses().getFirst();
        assertThat(container.getState().getRunning().getStartedAt()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(container.getRestartCount()).isEqualTo(2);
        assertThat(container.getResources()).isNull();
        assertThat(container.getImageID()).isNull();
        assertThat(container.getAdditionalProperties()).isEmpty();
    }

    @Test
    void aPodIsWrittenWhole() {
        var pod = new KubernetesSerialization().unmarshal(POD, Pod.class);

        assertThat(client.asJson(pod)).contains("\"env\"", "\"command\"", "\"affinity\"", "\"secret\"", "\"imageID\"");
    }

    @Test
    void whatManyConfigMapsSayIsKeptOnce() {
        var json = "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"data\": {\"a.py\": \"import os\"}}";

        var one = client.unmarshal(json, ConfigMap.class);
        var other = client.unmarshal(json, ConfigMap.class);

        assertThat(one.getData()).containsEntry("a.py", "import os");
        assertThat(one.getData().get("a.py")).isSameAs(other.getData().get("a.py"));
    }

    @Test
    void theObjectOfAWatchEventIsOfItsKind() {
        assertThat(event(POD)).isInstanceOfSatisfying(Pod.class, pod -> {
            assertThat(pod.getKind()).isEqualTo("Pod");
            assertThat(pod.getMetadata().getManagedFields()).isEmpty();
        });
        assertThat(event("{\"apiVersion\": \"planetary.dev/v1alpha1\", \"kind\": \"PlanetaryCluster\", \"spec\": {}}"))
                .isInstanceOf(PlanetaryCluster.class);
        assertThat(event("{\"metadata\": {}, \"kind\": \"Status\", \"apiVersion\": \"v1\", \"code\": 410}"))
                .isInstanceOfSatisfying(
                        Status.class, status -> assertThat(status.getCode()).isEqualTo(410));
        assertThat(event("{\"apiVersion\": \"example.com/v1\", \"kind\": \"Other\"}"))
                .isInstanceOf(GenericKubernetesResource.class);
    }

    private Object event(String object) {
        return client.unmarshal("{\"type\": \"ADDED\", \"object\": %s}".formatted(object), WatchEvent.class)
                .getObject();
    }
}
