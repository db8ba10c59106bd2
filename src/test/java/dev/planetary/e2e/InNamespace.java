package dev.planetary.e2e;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;

/** Where a test works: a namespace of its own, and the way to it. */
interface InNamespace {
    KubernetesClient client();

    String namespace();

    /** Applies as a user's tools do (our classes would write more than the YAML says), and returns the object's name. */
    default String serverSideApply(String yaml) {
        var wanted = client().getKubernetesSerialization().unmarshal(yaml, GenericKubernetesResource.class);
        wanted.getMetadata().setNamespace(namespace());
        client().resource(wanted).fieldManager("e2e").forceConflicts().serverSideApply();
        return wanted.getMetadata().getName();
    }
}
