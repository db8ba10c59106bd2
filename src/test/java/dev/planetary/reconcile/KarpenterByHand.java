package dev.planetary.reconcile;

import dev.planetary.desired.KarpenterModel;
import dev.planetary.desired.PoolModel;
import dev.planetary.it.Crds;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.util.List;
import java.util.Map;

/** Plays Karpenter, and the garbage collector that ends a deletion in the foreground. Its kinds are known by name here, not by schema. */
final class KarpenterByHand {
    private final PoolFlow flow;

    KarpenterByHand(PoolFlow flow) {
        this.flow = flow;
        install("karpenter.sh", "v1", KarpenterModel.NODE_POOL, "nodepools");
        install("karpenter.azure.com", "v1beta1", KarpenterModel.NODE_CLASS, "aksnodeclasses");
    }

    /** Karpenter's own, for the node pool of that name; null: there is none. */
    GenericKubernetesResource nodePool(String name) {
        return of(name, "karpenter.sh/v1", KarpenterModel.NODE_POOL);
    }

    GenericKubernetesResource nodeClass(String name) {
        return of(name, "karpenter.azure.com/v1beta1", KarpenterModel.NODE_CLASS);
    }

    /** It would make machines, and has made some. */
    void ready(String name, int nodes) {
        at(nodePool(name)).editStatus(p -> {
            p.setAdditionalProperty(
                    "status",
                    Map.of(
                            "resources",
                            Map.of("nodes", String.valueOf(nodes)),
                            "conditions",
                            List.of(Map.of("type", "Ready", "status", "True", "message", ""))));
            return p;
        });
    }

    /** What was made from it is gone. */
    void letsGo(GenericKubernetesResource object) {
        at(object).edit(o -> {
            o.getMetadata().setFinalizers(List.of());
            return o;
        });
    }

    private GenericKubernetesResource of(String name, String apiVersion, String kind) {
        return client()
                .genericKubernetesResources(apiVersion, kind)
                .withLabel(PoolModel.NODE_POOL, flow.full(name))
                .list()
                .getItems()
                .stream()
                .findFirst()
                .orElse(null);
    }

    private Resource<GenericKubernetesResource> at(GenericKubernetesResource object) {
        return client().genericKubernetesResources(object.getApiVersion(), object.getKind())
                .withName(object.getMetadata().getName());
    }

    private void install(String group, String version, String kind, String plural) {
        Crds.install(
                client(),
                client().getKubernetesSerialization()
                        .unmarshal(
                                """
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata: {name: %3$s.%1$s}
                spec:
                  group: %1$s
                  names: {kind: %4$s, plural: %3$s}
                  scope: Cluster
                  versions:
                    - name: %2$s
                      served: true
                      storage: true
                      subresources: {status: {}}
                      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                """
                                        .formatted(group, version, plural, kind),
                                CustomResourceDefinition.class),
                "tests");
    }

    private KubernetesClient client() {
        return flow.client();
    }
}
