package dev.planetary.e2e;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.planetary.azure.FakeArm;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The role azure, from the operator's image and as {@code deploy/manifests/azure} has it, with what AKS's workload-identity webhook adds.
 * It goes to Azure and to Entra by their own names, which lead to a fake on this machine; the only thing that it is told is to trust the
 * fake's authority.
 */
final class AzureRole implements AutoCloseable {
    private static final String NAME = "planetary-azure";
    private static final String FAKE = "fake-azure";
    private static final String IDENTITY = "/var/run/secrets/azure/tokens";
    private static final String AUDIENCE = "api://AzureADTokenExchange";
    private static final String CA = "/etc/planetary/azure";

    private final RealCluster real;
    private final List<HasMetadata> made = new ArrayList<>();

    /** @param here at which pods reach this machine */
    AzureRole(RealCluster real, FakeArm arm, InetAddress here) {
        this.real = real;
        arm.trusts(this::isItsToken);
        make(new ConfigMapBuilder()
                .withNewMetadata()
                .withName(FAKE)
                .withNamespace(DeployedOperator.NAMESPACE)
                .endMetadata()
                .withData(Map.of("ca.crt", arm.authorityPem()))
                .build());
        var address = service(arm, here);
        var manifests = real.kubectl("kustomize", "deploy/manifests/azure");
        client().load(new ByteArrayInputStream(manifests.getBytes(StandardCharsets.UTF_8)))
                .items()
                .forEach(o -> make(o instanceof Deployment d ? completed(d, address) : o));
    }

    /**
     * At which address its pods reach this machine: one in the network of their node, if there is one. A node that is a machine somewhere
     * else has none.
     */
    static InetAddress here(RealCluster real) throws SocketException {
        var node = InetAddress.ofLiteral(real.operator().nodeAddress());
        var found = NetworkInterface.networkInterfaces()
                .flatMap(i -> i.getInterfaceAddresses().stream())
                .filter(address -> isNeighbour(address, node))
                .map(InterfaceAddress::getAddress)
                .findFirst();
        assumeTrue(found.isPresent(), "pods of this cluster do not reach this machine, where the fake of Azure is");
        return found.orElseThrow();
    }

    private static boolean isNeighbour(InterfaceAddress ours, InetAddress other) {
        var one = ours.getAddress().getAddress();
        var two = other.getAddress();
        var bits = ours.getNetworkPrefixLength();
        if (one.length != two.length) {
            return false;
        }
        for (var bit = 0; bit < bits; bit++) {
            var mask = 0x80 >> bit % 8;
            if ((one[bit / 8] & mask) != (two[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }

    /** Ends it without any notice, as the loss of its node does; another one comes. */
    void kill() {
        pods().forEach(real::kill);
    }

    /** The last that its processes said. */
    String log() {
        return pods().stream()
                .map(pod -> client().pods()
                        .inNamespace(DeployedOperator.NAMESPACE)
                        .withName(pod.getMetadata().getName())
                        .tailingLines(40)
                        .getLog())
                .collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        made.reversed().forEach(o -> client().resource(o).delete());
        kill();
    }

    private List<Pod> pods() {
        return client().pods()
                .inNamespace(DeployedOperator.NAMESPACE)
                .withLabel("app.kubernetes.io/name", NAME)
                .list()
                .getItems();
    }

    private KubernetesClient client() {
        return real.client();
    }

    private void make(HasMetadata object) {
        made.add(client().resource(object).fieldManager("e2e").forceConflicts().serverSideApply());
    }

    /** @return the address of a Service that leads to the fake */
    private String service(FakeArm arm, InetAddress here) {
        make(new ServiceBuilder()
                .withNewMetadata()
                .withName(FAKE)
                .withNamespace(DeployedOperator.NAMESPACE)
                .endMetadata()
                .withNewSpec()
                .addNewPort()
                .withName("https")
                .withPort(443)
                .endPort()
                .endSpec()
                .build());
        make(new EndpointSliceBuilder()
                .withNewMetadata()
                .withName(FAKE)
                .withNamespace(DeployedOperator.NAMESPACE)
                .addToLabels("kubernetes.io/service-name", FAKE)
                .endMetadata()
                .withAddressType("IPv4")
                .addNewEndpoint()
                .withAddresses(here.getHostAddress())
                .endEndpoint()
                .addNewPort()
                .withName("https")
                .withPort(arm.port())
                .withProtocol("TCP")
                .endPort()
                .build());
        return client().services()
                .inNamespace(DeployedOperator.NAMESPACE)
                .withName(FAKE)
                .get()
                .getSpec()
                .getClusterIP();
    }

    /** The image of the operator, the fake's names, and an identity. */
    private Deployment completed(Deployment deployment, String fake) {
        var operator = real.operator().pod().getSpec().getContainers().getFirst();
        var pod = deployment.getSpec().getTemplate().getSpec();
        var container = pod.getContainers().getFirst();
        var env = Stream.of(
                        "PLANETARY_AZURE_SUBSCRIPTION_ID=sub",
                        "PLANETARY_AZURE_RESOURCE_GROUP=rg",
                        "PLANETARY_AZURE_CLUSTER_NAME=aks",
                        "PLANETARY_AZURE_CA_FILE=" + CA + "/ca.crt",
                        "PLANETARY_AZURE_POLL=PT1S",
                        "PLANETARY_AZURE_REST=PT2S",
                        "AZURE_CLIENT_ID=22222222-2222-2222-2222-222222222222",
                        "AZURE_TENANT_ID=11111111-1111-1111-1111-111111111111",
                        "AZURE_FEDERATED_TOKEN_FILE=" + IDENTITY + "/azure-identity-token")
                .map(e -> e.split("=", 2))
                .map(e -> new EnvVarBuilder().withName(e[0]).withValue(e[1]).build())
                .toList();
        var names = env.stream().map(EnvVar::getName).toList();
        pod.setContainers(List.of(new ContainerBuilder(container)
                .withImage(operator.getImage())
                .withImagePullPolicy(operator.getImagePullPolicy())
                .removeMatchingFromEnv(e -> names.contains(e.getName()))
                .addAllToEnv(env)
                .addNewVolumeMount()
                .withName("ca")
                .withMountPath(CA)
                .endVolumeMount()
                .addNewVolumeMount()
                .withName("identity")
                .withMountPath(IDENTITY)
                .endVolumeMount()
                .build()));
        deployment.getSpec().getTemplate().setSpec(reaching(fake, pod));
        return deployment;
    }

    private static PodSpec reaching(String fake, PodSpec pod) {
        return new PodSpecBuilder(pod)
                .addNewHostAlias()
                .withIp(fake)
                .withHostnames(FakeArm.NAME, FakeArm.NAME_OF_ENTRA)
                .endHostAlias()
                .addNewVolume()
                .withName("ca")
                .withNewConfigMap()
                .withName(FAKE)
                .endConfigMap()
                .endVolume()
                .addNewVolume()
                .withName("identity")
                .withNewProjected()
                .addNewSource()
                .withNewServiceAccountToken(AUDIENCE, 3600L, "azure-identity-token")
                .endSource()
                .endProjected()
                .endVolume()
                .build();
    }

    /** What the federated credential in Azure says. */
    private boolean isItsToken(String token) {
        var status = client().tokenReviews()
                .create(new TokenReviewBuilder()
                        .withNewSpec()
                        .withToken(token)
                        .withAudiences(AUDIENCE)
                        .endSpec()
                        .build())
                .getStatus();
        return Boolean.TRUE.equals(status.getAuthenticated())
                && Optional.ofNullable(status.getUser().getUsername())
                        .filter(("system:serviceaccount:" + DeployedOperator.NAMESPACE + ":" + NAME)::equals)
                        .isPresent();
    }
}
