package dev.planetary.azure;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;

/**
 * The machines of a fake AKS cluster, as Node objects with the labels and taints that AKS gives: as many as its agent pools count; AKS's
 * managed autoscaler, which makes pools count more or fewer; and Azure, which takes spot machines back. Whoever is kubelet on nodes with
 * kwok's annotation brings them to life.
 */
public final class FakeMachines implements AutoCloseable {
    private static final Duration PASS = Duration.ofMillis(200);
    private static final String KWOK = "kwok.x-k8s.io/node";
    /** Name of the resource group of the machines: unlike the real one's it is on no other node, so that ours are found by it. */
    private static final String CLUSTER = "kubernetes.azure.com/cluster";

    private static final String GROUP = "MC_rg_fake-aks_westeurope";
    private static final String AGENT_POOL = "agentpool";
    /** By AKS's node auto-drain when Azure announces that it takes a machine back. */
    private static final Taint PREEMPTED = new TaintBuilder()
            .withKey("remediator.kubernetes.azure.com/unschedulable")
            .withEffect("NoSchedule")
            .build();

    private final FakeAks aks;
    private final KubernetesClient client;
    private final SharedIndexInformer<Pod> pods;
    private final ScheduledExecutorService clockwork = Executors.newSingleThreadScheduledExecutor();
    /** By name, the oldest first. */
    private final Map<String, Node> machines = new LinkedHashMap<>();

    private final Set<String> ending = new HashSet<>();
    /** Since when, in nanoseconds, a machine has had no pod. */
    private final Map<String, Long> empty = new HashMap<>();

    private boolean autoscales;
    private Duration unneeded = Duration.ofMinutes(10);
    private int made;

    public FakeMachines(FakeAks aks, KubernetesClient client) {
        this.aks = aks;
        this.client = client;
        client.nodes().withLabel(CLUSTER, GROUP).delete();
        pods = client.pods().inAnyNamespace().inform();
        clockwork.scheduleWithFixedDelay(this::pass, 0, PASS.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The autoscaler looks after pods from now on. */
    public synchronized void autoscale() {
        autoscales = true;
    }

    /** After how much time without a pod the autoscaler frees a machine: AKS's scale-down-unneeded-time, 10 minutes by default. */
    public synchronized void unneeded(Duration time) {
        unneeded = time;
    }

    /** The machines, the oldest first; also those that are to be taken back. */
    public synchronized List<String> names() {
        return List.copyOf(machines.keySet());
    }

    /** Azure wants these machines back, and says so. */
    public synchronized void announceEnd(Collection<String> names) {
        for (var name : names) {
            ending.add(name);
            client.nodes().withName(name).edit(node -> new NodeBuilder(node)
                    .editSpec()
                    .withUnschedulable(true)
                    .addToTaints(PREEMPTED)
                    .endSpec()
                    .build());
        }
    }

    /** Azure takes these machines, whatever is on them. */
    public synchronized void end(Collection<String> names) {
        for (var name : names) {
            if (machines.containsKey(name)) {
                var pool = pool(machines.get(name));
                stop(name);
                aks.count(pool, of(pool).size());
            }
        }
    }

    @Override
    public void close() {
        clockwork.shutdownNow();
        pods.close();
        synchronized (this) {
            List.copyOf(machines.keySet()).forEach(this::stop);
        }
    }

    private void pass() {
        try {
            act();
        } catch (RuntimeException e) {
            System.err.println("the machines of the fake AKS: " + e);
        }
    }

    private synchronized void act() {
        follow();
        if (autoscales) {
            scale();
        }
    }

    /** As many as the pools count. */
    private void follow() {
        var counts = aks.counts();
        List.copyOf(machines.values()).stream()
                .filter(node -> !counts.containsKey(pool(node)))
                .forEach(node -> stop(node.getMetadata().getName()));
        counts.forEach((pool, count) -> {
            var there = of(pool);
            there.stream().skip(count).forEach(this::stop);
            for (var i = there.size(); i < count; i++) {
                start(pool);
            }
        });
    }

    private void scale() {
        var stay = new LinkedHashMap<Node, List<Pod>>();
        machines.forEach((name, node) -> {
            if (!ending.contains(name)) {
                stay.put(node, on(name));
            }
        });
        var decision = FakeAutoscaler.of(
                stay,
                pods.getStore().list().stream()
                        .filter(FakeMachines::foundNoPlace)
                        .toList(),
                aks.counts().entrySet().stream()
                        .map(e -> new FakeAutoscaler.Pool(
                                e.getKey(), like(e.getKey(), "more"), bound(e.getKey(), "maxCount") - e.getValue()))
                        .toList());
        decision.more().forEach((pool, more) -> aks.count(pool, of(pool).size() + more));
        empty.keySet().retainAll(decision.empty());
        decision.empty().stream().filter(machines::containsKey).forEach(name -> empty.putIfAbsent(name, now()));
        List.copyOf(empty.keySet()).stream()
                .filter(name -> now() - empty.get(name) >= unneeded.toNanos())
                .filter(name -> of(pool(machines.get(name))).size() > bound(pool(machines.get(name)), "minCount"))
                .forEach(name -> end(List.of(name)));
    }

    private static long now() {
        return System.nanoTime();
    }

    private List<Pod> on(String machine) {
        return pods.getStore().list().stream()
                .filter(p -> machine.equals(p.getSpec().getNodeName()))
                .filter(p ->
                        !List.of("Succeeded", "Failed").contains(p.getStatus().getPhase()))
                .filter(p -> p.getMetadata().getOwnerReferences().stream()
                        .noneMatch(o -> o.getKind().equals("DaemonSet")))
                .toList();
    }

    private static boolean foundNoPlace(Pod pod) {
        return pod.getSpec().getNodeName() == null
                && pod.getMetadata().getDeletionTimestamp() == null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(c -> "PodScheduled".equals(c.getType()) && "Unschedulable".equals(c.getReason()));
    }

    private List<String> of(String pool) {
        return machines.values().stream()
                .filter(node -> pool.equals(pool(node)))
                .map(node -> node.getMetadata().getName())
                .toList();
    }

    private static String pool(Node node) {
        return node.getMetadata().getLabels().get(AGENT_POOL);
    }

    private int bound(String pool, String which) {
        return properties(pool).path(which).asInt();
    }

    private ObjectNode properties(String pool) {
        return FakeAks.properties(aks.pool(pool).orElseThrow());
    }

    private void start(String pool) {
        var name = "aks-%s-12345678-vmss%06d".formatted(pool, made++);
        machines.put(name, like(pool, name));
        client.resource(machines.get(name)).create();
    }

    /** In place of the controller that finds its pods without a node, in three quarters of a minute. */
    private void stop(String name) {
        machines.remove(name);
        ending.remove(name);
        empty.remove(name);
        client.nodes().withName(name).delete();
        client.pods()
                .inAnyNamespace()
                .withField("spec.nodeName", name)
                .list()
                .getItems()
                .forEach(pod -> client.resource(pod).withGracePeriod(0).delete());
    }

    /** As Azure makes a machine of that pool. */
    private Node like(String pool, String name) {
        var properties = properties(pool);
        var labels = new TreeMap<>(Map.of(
                AGENT_POOL,
                pool,
                "kubernetes.azure.com/agentpool",
                pool,
                CLUSTER,
                GROUP,
                "kubernetes.azure.com/mode",
                "user",
                "kubernetes.azure.com/role",
                "agent",
                "kubernetes.io/arch",
                "amd64",
                "kubernetes.io/hostname",
                name,
                "kubernetes.io/os",
                "linux",
                "node.kubernetes.io/instance-type",
                properties.path("vmSize").asText(),
                "topology.kubernetes.io/region",
                "westeurope"));
        labels.put("topology.kubernetes.io/zone", "0");
        properties
                .path("nodeLabels")
                .properties()
                .forEach(e -> labels.put(e.getKey(), e.getValue().asText()));
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(labels)
                .addToAnnotations(KWOK, "fake")
                .endMetadata()
                .withNewSpec()
                .withTaints(StreamSupport.stream(properties.path("nodeTaints").spliterator(), false)
                        .map(taint -> taint(taint.asText()))
                        .toList())
                .endSpec()
                .withNewStatus()
                .withCapacity(Map.of("cpu", q("8"), "memory", q("32Gi"), "pods", q("110")))
                // AKS keeps so much of a Standard_D8s_v5 for itself.
                .withAllocatable(Map.of("cpu", q("7820m"), "memory", q("29Gi"), "pods", q("110")))
                .endStatus()
                .build();
    }

    private static Taint taint(String inAzure) {
        var keyed = inAzure.split("[=:]");
        return new TaintBuilder()
                .withKey(keyed[0])
                .withValue(keyed[1])
                .withEffect(keyed[2])
                .build();
    }

    private static Quantity q(String amount) {
        return new Quantity(amount);
    }
}
