package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
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
        return ClusterNetworkPolicy.isWanted(model) ? Optional.of(managed(model)) : Optional.empty();
    }

    private static NetworkPolicy managed(ClusterModel model) {
        return ClusterNetworkPolicy.named(
                model.names().runnersNetworkPolicy(),
                model,
                new NetworkPolicySpecBuilder()
                        .withNewPodSelector()
                        .withMatchLabels(
                                Labels.runners(model.cluster().getMetadata().getName()))
                        .endPodSelector()
                        .withPolicyTypes("Ingress", "Egress")
                        .withEgress(ClusterNetworkPolicy.egress()));
    }
}
