package dev.planetary.apply;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import org.junit.jupiter.api.Test;

class LeanObjectsTest {
    @Test
    void managedFieldsAreNotRead() {
        // Given
        var json = new ObjectMapper();
        new LeanObjects().customize(json);
        var client = new KubernetesSerialization(json, true);

        // When
        var pod = client.unmarshal(
                """
                {"apiVersion": "v1", "kind": "Pod",
                 "metadata": {"name": "p", "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
                              "labels": {"a": "b"}, "unheardOf": 1}}
                """,
                Pod.class);

        // Then
        assertThat(pod.getMetadata().getManagedFields()).isEmpty();
        assertThat(pod.getMetadata().getLabels()).containsEntry("a", "b");
        assertThat(client.asJson(pod)).doesNotContain("managedFields").contains("\"name\"", "\"unheardOf\"");
    }
}
