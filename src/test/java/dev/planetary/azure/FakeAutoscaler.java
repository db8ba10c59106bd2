package dev.planetary.azure;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a cluster autoscaler makes of pods that wait: it puts them, in thought, on the machines that are there or on their way, and asks
 * for one more where a machine like the pool's others would take one. By affinity to nodes, taints, processors and memory.
 */
final class FakeAutoscaler {

    /**
     * A pool.
     *
     * @param like   as its machines are
     * @param spare  how many more it may have
     */
    record Pool(String name, Node like, int spare) {}

    /**
     * What is to be done.
     *
     * @param more  machines, by pool
     * @param empty machines that no pod is on, or will be
     */
    record Decision(Map<String, Integer> more, List<String> empty) {}

    /** A machine in thought, and what is left of it. */
    private static final class Room {
        final Node node;
        BigDecimal processors;
        BigDecimal memory;
        boolean used;

        Room(Node node) {
            this.node = node;
            processors = amount(node.getStatus().getAllocatable(), "cpu");
            memory = amount(node.getStatus().getAllocatable(), "memory");
        }

        void take(Pod pod) {
            used = true;
            processors = processors.subtract(wanted(pod, "cpu"));
            memory = memory.subtract(wanted(pod, "memory"));
        }

        boolean takes(Pod pod) {
            if (!suits(pod)
                    || processors.compareTo(wanted(pod, "cpu")) < 0
                    || memory.compareTo(wanted(pod, "memory")) < 0) {
                return false;
            }
            take(pod);
            return true;
        }

        private boolean suits(Pod pod) {
            var spec = pod.getSpec();
            return taints(node).stream()
                            .filter(t -> !t.getEffect().equals("PreferNoSchedule"))
                            .allMatch(t -> spec.getTolerations().stream().anyMatch(it -> tolerates(it, t)))
                    && node.getMetadata()
                            .getLabels()
                            .entrySet()
                            .containsAll(Optional.ofNullable(spec.getNodeSelector())
                                    .orElse(Map.of())
                                    .entrySet())
                    && (terms(pod).isEmpty()
                            || terms(pod).stream().anyMatch(term -> term.getMatchExpressions().stream()
                                    .allMatch(r -> matches(r, node.getMetadata().getLabels()))));
        }
    }

    private FakeAutoscaler() {}

    /**
     * @param machines that will stay, with the pods on them
     * @param waiting  pods that found no place
     */
    static Decision of(Map<Node, List<Pod>> machines, List<Pod> waiting, List<Pool> pools) {
        var rooms = new ArrayList<Room>();
        machines.forEach((node, pods) -> {
            var room = new Room(node);
            pods.forEach(room::take);
            rooms.add(room);
        });
        var more = new LinkedHashMap<String, Integer>();
        for (var pod : waiting) {
            if (rooms.stream().noneMatch(room -> room.takes(pod))) {
                for (var pool : pools) {
                    var another = new Room(pool.like);
                    if (more.getOrDefault(pool.name, 0) < pool.spare && another.takes(pod)) {
                        rooms.add(another);
                        more.merge(pool.name, 1, Integer::sum);
                        break;
                    }
                }
            }
        }
        return new Decision(
                more,
                rooms.stream()
                        .filter(room -> !room.used)
                        .map(room -> room.node.getMetadata().getName())
                        .toList());
    }

    private static List<Taint> taints(Node node) {
        return node.getSpec() == null ? List.of() : node.getSpec().getTaints();
    }

    private static List<NodeSelectorTerm> terms(Pod pod) {
        var affinity = pod.getSpec().getAffinity();
        return affinity == null
                        || affinity.getNodeAffinity() == null
                        || affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution() == null
                ? List.of()
                : affinity.getNodeAffinity()
                        .getRequiredDuringSchedulingIgnoredDuringExecution()
                        .getNodeSelectorTerms();
    }

    private static boolean matches(NodeSelectorRequirement requirement, Map<String, String> labels) {
        var value = labels.get(requirement.getKey());
        return switch (requirement.getOperator()) {
            case "In" -> value != null && requirement.getValues().contains(value);
            case "NotIn" -> value == null || !requirement.getValues().contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            default -> throw new IllegalArgumentException(requirement.toString());
        };
    }

    private static boolean tolerates(Toleration toleration, Taint taint) {
        return (toleration.getKey() == null || toleration.getKey().equals(taint.getKey()))
                && (toleration.getEffect() == null || toleration.getEffect().equals(taint.getEffect()))
                && ("Exists".equals(toleration.getOperator())
                        || Optional.ofNullable(toleration.getValue())
                                .orElse("")
                                .equals(Optional.ofNullable(taint.getValue()).orElse("")));
    }

    private static BigDecimal wanted(Pod pod, String what) {
        return pod.getSpec().getContainers().stream()
                .filter(c -> c.getResources() != null && c.getResources().getRequests() != null)
                .map(c -> amount(c.getResources().getRequests(), what))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    private static BigDecimal amount(Map<String, Quantity> amounts, String what) {
        return Optional.ofNullable(amounts)
                .map(all -> all.get(what))
                .map(Quantity::getNumericalAmount)
                .orElse(BigDecimal.ZERO);
    }
}
