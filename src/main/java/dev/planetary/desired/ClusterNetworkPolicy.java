package dev.planetary.desired;

import dev.planetary.api.NetworkPolicySpec;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRuleBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRuleBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeerBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPortBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicySpecBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who may reach a cluster's pods, and what they may reach: one NetworkPolicy over scheduler and workers, and {@link RunnersNetworkPolicy}
 * over the programs of jobs. Probes come from the node, which network plugins let in.
 */
public final class ClusterNetworkPolicy {
    private static final String NAMESPACE_NAME = "kubernetes.io/metadata.name";
    /** Workers and nannies listen on ports that the kernel picks (Linux: 32768-60999), never on those of HTTP (8787, 8788). */
    private static final int WORKERS_FROM = 10_000;

    private static final int LAST_PORT = 65_535;
    /** Credentials of the node: Azure, AWS and Google have the same address. */
    private static final String METADATA = "169.254.169.254/32";
    /** AWS's and Google's own of version 6, private addresses that nobody else uses; Azure has none. */
    private static final List<String> METADATA_6 = List.of("fd00:ec2::254/128", "fd20:ce::254/128");

    private ClusterNetworkPolicy() {}

    /** @return empty: none is wanted */
    public static Optional<NetworkPolicy> of(ClusterModel model, String operatorNamespace) {
        return isWanted(model) ? Optional.of(managed(model, operatorNamespace)) : Optional.empty();
    }

    public static boolean isWanted(ClusterModel model) {
        return model.cluster().specOrDefault().networkPolicy().mode() != NetworkPolicySpec.Mode.Off;
    }

    /** Whether a live policy says what it should. */
    public static boolean says(NetworkPolicy live, NetworkPolicy wanted) {
        return wanted.getSpec().equals(live.getSpec());
    }

    /** A live policy, changed to say what it should. */
    public static NetworkPolicy onto(NetworkPolicy live, NetworkPolicy wanted) {
        return new NetworkPolicyBuilder(live).withSpec(wanted.getSpec()).build();
    }

    private static NetworkPolicy managed(ClusterModel model, String operatorNamespace) {
        var cluster = model.cluster().getMetadata().getName();
        return named(
                model.names().networkPolicy(),
                model,
                new NetworkPolicySpecBuilder()
                        .withNewPodSelector()
                        .withMatchLabels(Labels.of(cluster))
                        .endPodSelector()
                        .withPolicyTypes("Ingress", "Egress")
                        .withIngress(ingress(model, cluster, operatorNamespace))
                        .withEgress(egress()));
    }

    /** One of the cluster's policies. */
    static NetworkPolicy named(String name, ClusterModel model, NetworkPolicySpecBuilder spec) {
        return new NetworkPolicyBuilder()
                .withMetadata(Labels.owned(model.cluster(), name))
                .withSpec(spec.build())
                .build();
    }

    private static List<NetworkPolicyIngressRule> ingress(
            ClusterModel model, String cluster, String operatorNamespace) {
        var spec = model.cluster().specOrDefault();
        var rules = new ArrayList<NetworkPolicyIngressRule>();
        rules.add(from(List.of(pods(Labels.of(cluster)))));
        rules.add(from(
                List.of(pods(Map.of(Labels.CLIENT_OF, cluster))),
                port(ClusterModel.COMM_PORT),
                port(ClusterModel.HTTP_PORT),
                workers()));
        rules.add(from(List.of(operator(operatorNamespace)), port(ClusterModel.HTTP_PORT)));
        if (!spec.networkPolicy().allowFrom().isEmpty()) {
            rules.add(from(spec.networkPolicy().allowFrom(), port(ClusterModel.COMM_PORT), workers()));
        }
        var service = spec.scheduler().service();
        if (SchedulerService.external(model).isPresent()) {
            var ranges = service.loadBalancerSourceRanges().isEmpty()
                    ? List.of("0.0.0.0/0", "::/0")
                    : service.loadBalancerSourceRanges();
            rules.add(from(
                    ranges.stream().map(range -> addresses(range, List.of())).toList(), port(ClusterModel.COMM_PORT)));
        }
        return rules;
    }

    /** Everything but metadata addresses. Pods beside addresses: to some network plugins (Cilium) a range of addresses never means a pod. */
    static NetworkPolicyEgressRule egress() {
        return new NetworkPolicyEgressRuleBuilder()
                .addNewTo()
                .withNewNamespaceSelector()
                .endNamespaceSelector()
                .endTo()
                .addToTo(addresses("0.0.0.0/0", List.of(METADATA)), addresses("::/0", METADATA_6))
                .build();
    }

    private static NetworkPolicyIngressRule from(List<NetworkPolicyPeer> peers, NetworkPolicyPort... ports) {
        return new NetworkPolicyIngressRuleBuilder()
                .withFrom(peers)
                .withPorts(ports)
                .build();
    }

    private static NetworkPolicyPeer pods(Map<String, String> labels) {
        return new NetworkPolicyPeerBuilder()
                .withNewPodSelector()
                .withMatchLabels(labels)
                .endPodSelector()
                .build();
    }

    private static NetworkPolicyPeer operator(String namespace) {
        return new NetworkPolicyPeerBuilder(pods(Map.of(Labels.NAME, Labels.OPERATOR)))
                .withNewNamespaceSelector()
                .addToMatchLabels(NAMESPACE_NAME, namespace)
                .endNamespaceSelector()
                .build();
    }

    private static NetworkPolicyPeer addresses(String range, List<String> except) {
        return new NetworkPolicyPeerBuilder()
                .withNewIpBlock()
                .withCidr(range)
                .withExcept(except)
                .endIpBlock()
                .build();
    }

    private static NetworkPolicyPort port(int number) {
        return new NetworkPolicyPortBuilder()
                .withProtocol("TCP")
                .withPort(new IntOrString(number))
                .build();
    }

    private static NetworkPolicyPort workers() {
        return new NetworkPolicyPortBuilder(port(WORKERS_FROM))
                .withEndPort(LAST_PORT)
                .build();
    }
}
