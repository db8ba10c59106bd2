package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.SchedulerSpec;
import dev.planetary.api.SchedulerSpec.Service.Type;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/** The Services by which clients and workers find the scheduler: one inside, and one outside if it is asked for. */
public final class SchedulerService {
    /** Names the annotations that the spec gave, so that they can be taken away again. */
    private static final String OURS = PlanetaryCluster.GROUP + "/service-annotations";

    /** Azure makes a load balancer within the virtual network only if this is "true". */
    private static final String AZURE_INTERNAL = "service.beta.kubernetes.io/azure-load-balancer-internal";

    private SchedulerService() {}

    /** Inside the cluster: always there, under the name that pods are given, with both ports. */
    public static Service of(ClusterModel model) {
        var spec = model.cluster().specOrDefault().scheduler().service();
        // Workers start with the scheduler, not after it: its address must resolve before it is ready.
        return base(model, model.names().service(), isExposed(spec) ? Map.of() : spec.annotations())
                .editSpec()
                .withType(Type.ClusterIP.name())
                .withPorts(
                        comm(model),
                        port("http", ClusterModel.HTTP_PORT, model.transport().http()))
                .endSpec()
                .build();
    }

    /**
     * For a load balancer: Dask's own protocol and nothing else. The client's address is kept ({@code Local}), so that the
     * NetworkPolicy can tell who comes; there is one scheduler, so nothing is balanced. Internal, unless an annotation says otherwise. Never
     * without TLS, whatever the spec says: it may not be the one in force.
     */
    public static Optional<Service> external(ClusterModel model) {
        var spec = model.cluster().specOrDefault().scheduler().service();
        if (!isExposed(spec) || !model.transport().encrypted()) {
            return Optional.empty();
        }
        var annotations = new TreeMap<>(Map.of(AZURE_INTERNAL, "true"));
        annotations.putAll(spec.annotations());
        return Optional.of(base(model, model.names().externalService(), annotations)
                .editSpec()
                .withType(Type.LoadBalancer.name())
                .withExternalTrafficPolicy("Local")
                .withLoadBalancerSourceRanges(spec.loadBalancerSourceRanges())
                .withPorts(comm(model))
                .endSpec()
                .build());
    }

    private static boolean isExposed(SchedulerSpec.Service spec) {
        return spec.type() == Type.LoadBalancer;
    }

    private static ServiceBuilder base(ClusterModel model, String name, Map<String, String> annotations) {
        var labels = Labels.scheduler(model.cluster().getMetadata().getName());
        return new ServiceBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(model.namespace())
                .withLabels(labels)
                .withAnnotations(remembered(annotations))
                .withOwnerReferences(Labels.owner(model.cluster()))
                .endMetadata()
                .withNewSpec()
                .withSelector(labels)
                .withPublishNotReadyAddresses(true)
                .endSpec();
    }

    private static ServicePort comm(ClusterModel model) {
        return port("comm", ClusterModel.COMM_PORT, model.transport().protocol());
    }

    private static ServicePort port(String name, int number, String protocol) {
        return new ServicePortBuilder()
                .withName(name)
                .withPort(number)
                .withNewTargetPort(name)
                .withProtocol("TCP")
                .withAppProtocol(protocol)
                .build();
    }

    /** A live Service, changed to say what it should; what the API server and load balancers added stays. */
    public static Service onto(Service live, Service wanted) {
        var ours = List.of(annotations(live).getOrDefault(OURS, "").split(","));
        var annotations = new TreeMap<>(annotations(live));
        annotations.keySet().removeAll(ours);
        annotations.remove(OURS);
        annotations.putAll(annotations(wanted));
        return new ServiceBuilder(live)
                .editMetadata()
                .withAnnotations(annotations)
                .endMetadata()
                .editSpec()
                .withType(wanted.getSpec().getType())
                .withSelector(wanted.getSpec().getSelector())
                .withExternalTrafficPolicy(wanted.getSpec().getExternalTrafficPolicy())
                .withLoadBalancerSourceRanges(wanted.getSpec().getLoadBalancerSourceRanges())
                .withPublishNotReadyAddresses(true)
                .withPorts(wanted.getSpec().getPorts())
                .endSpec()
                .build();
    }

    /** Whether a live Service says what it should; what the API server and load balancers added does not count. */
    public static boolean says(Service live, Service wanted) {
        var is = live.getSpec();
        var should = wanted.getSpec();
        return is.getType().equals(should.getType())
                && is.getSelector().equals(should.getSelector())
                && Boolean.TRUE.equals(is.getPublishNotReadyAddresses())
                && Objects.equals(is.getExternalTrafficPolicy(), should.getExternalTrafficPolicy())
                && is.getLoadBalancerSourceRanges().equals(should.getLoadBalancerSourceRanges())
                && ports(is.getPorts()).equals(ports(should.getPorts()))
                && annotations(live).entrySet().containsAll(annotations(wanted).entrySet())
                && Objects.equals(
                        annotations(live).get(OURS), annotations(wanted).get(OURS));
    }

    private static Map<String, String> remembered(Map<String, String> annotations) {
        var all = new TreeMap<>(annotations);
        if (!all.isEmpty()) {
            all.put(
                    OURS,
                    String.join(",", annotations.keySet().stream().sorted().toList()));
        }
        return all;
    }

    private static List<String> ports(List<ServicePort> ports) {
        return ports.stream()
                .map(p -> p.getName() + p.getPort() + p.getTargetPort() + p.getAppProtocol())
                .toList();
    }

    private static Map<String, String> annotations(Service service) {
        return service.getMetadata().getAnnotations() == null
                ? Map.of()
                : service.getMetadata().getAnnotations();
    }
}
