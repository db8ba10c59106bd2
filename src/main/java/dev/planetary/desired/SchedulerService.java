package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.util.List;
import java.util.Map;

/** The Service by which clients and workers find the scheduler. */
public final class SchedulerService {
    private SchedulerService() {}

    public static Service of(ClusterModel model) {
        var cluster = model.cluster().getMetadata().getName();
        var wanted = model.cluster().specOrDefault().scheduler().service();
        return new ServiceBuilder()
                .withNewMetadata()
                .withName(model.names().service()).withNamespace(model.namespace())
                .withLabels(Labels.scheduler(cluster)).withAnnotations(wanted.annotations())
                .withOwnerReferences(Labels.owner(model.cluster()))
                .endMetadata()
                .withNewSpec()
                .withType(wanted.type().name())
                .withSelector(Labels.scheduler(cluster))
                .withLoadBalancerSourceRanges(wanted.loadBalancerSourceRanges())
                // Workers start with the scheduler, not after it: its address must resolve before it is ready.
                .withPublishNotReadyAddresses(true)
                .addNewPort().withName("comm").withPort(ClusterModel.COMM_PORT).withNewTargetPort("comm").withProtocol("TCP")
                .withAppProtocol("tls").endPort()
                .addNewPort().withName("http").withPort(ClusterModel.HTTP_PORT).withNewTargetPort("http").withProtocol("TCP")
                .withAppProtocol("https").endPort()
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
                && annotations(live).entrySet().containsAll(annotations(wanted).entrySet());
    }

    private static List<String> ports(List<ServicePort> ports) {
        return ports.stream().map(p -> p.getName() + p.getPort() + p.getTargetPort()).toList();
    }

    private static Map<String, String> annotations(Service service) {
        return service.getMetadata().getAnnotations() == null ? Map.of() : service.getMetadata().getAnnotations();
    }
}
