package dev.planetary.azure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.azure.FakeAutoscaler.Pool;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The stand-in for AKS's autoscaler, on which an end-to-end test rests. */
class FakeAutoscalerTest {
    private static final Node MACHINE = Serialization.unmarshal(
            """
            apiVersion: v1
            kind: Node
            metadata: {name: m, labels: {pool: p, priority: spot}}
            spec: {taints: [{key: pool, value: p, effect: NoSchedule}]}
            status: {allocatable: {cpu: 7820m, memory: 29Gi}}
            """,
            Node.class);

    @Test
    void asksForAsManyMachinesAsPodsFill() {
        assertThat(FakeAutoscaler.of(Map.of(), pods(5, "spot"), pool(20)).more())
                .isEqualTo(Map.of("p", 3));
        assertThat(FakeAutoscaler.of(Map.of(), pods(5, "spot"), pool(2)).more()).isEqualTo(Map.of("p", 2));
    }

    @Test
    void fillsMachinesThatAreThereFirst() {
        var half = Map.of(MACHINE, pods(1, "spot"));
        assertThat(FakeAutoscaler.of(half, pods(1, "spot"), pool(20)).more()).isEmpty();
        assertThat(FakeAutoscaler.of(half, pods(2, "spot"), pool(20)).more()).isEqualTo(Map.of("p", 1));
    }

    @Test
    void leavesPodsAloneThatWantOthers() {
        assertThat(FakeAutoscaler.of(Map.of(), pods(5, "regular"), pool(20)).more())
                .isEmpty();
        var intolerant = pods(1, "spot").getFirst();
        intolerant.getSpec().setTolerations(List.of());
        assertThat(FakeAutoscaler.of(Map.of(), List.of(intolerant), pool(20)).more())
                .isEmpty();
    }

    @Test
    void tellsMachinesThatNobodyNeeds() {
        assertThat(FakeAutoscaler.of(Map.of(MACHINE, List.of()), List.of(), pool(20))
                        .empty())
                .containsExactly("m");
        assertThat(FakeAutoscaler.of(Map.of(MACHINE, List.of()), pods(1, "spot"), pool(20))
                        .empty())
                .isEmpty();
    }

    private static List<Pool> pool(int spare) {
        return List.of(new Pool("p", MACHINE, spare));
    }

    private static List<Pod> pods(int number, String priority) {
        return Stream.generate(() -> Serialization.unmarshal(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: w}
                        spec:
                          affinity:
                            nodeAffinity:
                              requiredDuringSchedulingIgnoredDuringExecution:
                                nodeSelectorTerms:
                                  - matchExpressions:
                                      - {key: pool, operator: In, values: [p]}
                                      - {key: priority, operator: In, values: [%s]}
                          tolerations: [{key: pool, operator: Equal, value: p, effect: NoSchedule}]
                          containers: [{name: c, resources: {requests: {cpu: 3600m, memory: 14Gi}}}]
                        """
                                .formatted(priority),
                        Pod.class))
                .limit(number)
                .toList();
    }
}
