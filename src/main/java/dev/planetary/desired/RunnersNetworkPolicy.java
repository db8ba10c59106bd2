package dev.planetary.desired;

import dev.planetary.api.NetworkPolicySpec;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicySpecBuilder;
import java.util.Optional;

/**
 * What the programs of a cluster's jobs may reach: everything but the metadata address, as Dask pods. Nobody reaches them; a client
 * of Dask only calls. One for all jobs on the cluster, made when the first one comes.
 */
public final class RunnersNetworkPolicy {
    private RunnersNetworkPolicy() {}

    /** @return empty: none is wanted */
    public static Optional<NetworkPolicy> of(ClusterModel model) {
        return model.cluster().specOrDefault().networkPolicy().mode() == NetworkPolicySpec.Mode.Off
                ? Optional.empty()
                : Optional.of(managed(model));
    }

    private static NetworkPolicy managed(ClusterModel model) {
        var cluster = model.cluster().getMetadata().getName();
        return new NetworkPolicyBuilder()
                .withNewMetadata()
                .withName(model.names().runnersNetworkPolicy())
                .withNamespace(model.namespace())
                .withLabels(Labels.of(cluster))
                .withOwnerReferences(Labels.owner(model.cluster()))
                .endMetadata()
                .withSpec(new NetworkPolicySpecBuilder()
                        .withNewPodSelector()
                        .withMatchLabels(Labels.runners(cluster))
                        .endPodSelector()
                        .withPolicyTypes("Ingress", "Egress")
                        .withEgress(ClusterNetworkPolicy.egress())
                        .build())
                .build();
    }
}
