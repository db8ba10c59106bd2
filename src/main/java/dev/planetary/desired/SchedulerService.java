package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** The Service by which clients and workers find the scheduler. */
public final class SchedulerService {
    /** Names the annotations that the spec gave, so that they can be taken away again. */
    private static final String OURS = PlanetaryCluster.GROUP + "/service-annotations";

    private SchedulerService() {}

    public static Service of(ClusterModel model) {
        var cluster = model.cluster().getMetadata().getName();
        var wanted = model.cluster().specOrDefault().scheduler().service();
        return new ServiceBuilder()
                .withNewMetadata()
                .withName(model.names().service())
                .withNamespace(model.namespace())
                .withLabels(Labels.scheduler(cluster))
                .withAnnotations(remembered(wanted.annotations()))
                .withOwnerReferences(Labels.owner(model.cluster()))
                .endMetadata()
                .withNewSpec()
                .withType(wanted.type().name())
                .withSelector(Labels.scheduler(cluster))
                .withLoadBalancerSourceRanges(wanted.loadBalancerSourceRanges())
                // Workers start with the scheduler, not after it: its address must resolve before it is ready.
                .withPublishNotReadyAddresses(true)
                .addNewPort()
                .withName("comm")
                .withPort(ClusterModel.COMM_PORT)
                .withNewTargetPort("comm")
                .withProtocol("TCP")
                .withAppProtocol("tls")
                .endPort()
                .addNewPort()
                .withName("http")
                .withPort(ClusterModel.HTTP_PORT)
                .withNewTargetPort("http")
                .withProtocol("TCP")
                .withAppProtocol("https")
                .endPort()
                .endSpec()
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
                .map(p -> p.getName() + p.getPort() + p.getTargetPort())
                .toList();
    }

    private static Map<String, String> annotations(Service service) {
        return service.getMetadata().getAnnotations() == null
                ? Map.of()
                : service.getMetadata().getAnnotations();
    }
}
