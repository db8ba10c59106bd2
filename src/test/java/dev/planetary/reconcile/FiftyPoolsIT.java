package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.azure.FakeArm.Call;
import dev.planetary.azure.FleetPace;
import dev.planetary.it.ApiServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Fifty node pools of one AKS cluster, made at once, a hundred times faster than life: Azure's buckets, its operations and our pace are
 * all so much faster.
 */
class FiftyPoolsIT {
    private static final int POOLS = 50;
    private static final int FASTER = 100;
    private static final Duration SECOND = Duration.ofSeconds(1).dividedBy(FASTER);
    private static final FleetPace PACE = new FleetPace(
            SECOND.multipliedBy(30), SECOND.multipliedBy(120), SECOND.multipliedBy(60), SECOND.multipliedBy(30));

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final PoolFlow flow = new PoolFlow(API, PACE, SECOND);

    @Test
    void stay_within_Azure_s_buckets() {
        // Given
        flow.arm().aks().take(SECOND.multipliedBy(20));
        var begin = System.nanoTime();
        var names = IntStream.range(0, POOLS).mapToObj(i -> "p" + i).toList();

        // When
        names.forEach(name -> flow.apply(name, "vmSize: Standard_D8s_v5, maxNodes: 20"));
        Flow.until().atMost(Duration.ofMinutes(5)).until(() -> names.stream()
                .allMatch(name -> flow.told(name).equals("Ready: AsAsked")));
        var calls = flow.arm().calls();
        var looks = (System.nanoTime() - begin) / PACE.busy().toNanos();

        // Then
        System.out.println("Calls in the busiest minute of Azure's: " + busiestMinute(calls));
        assertThat(flow.arm().tooMany()).as("refused by the buckets").isEmpty();
        assertThat(flow.arm().aks().collisions()).as("two operations at once").isZero();
        assertThat(flow.arm().writes()).as("each made once").hasSize(POOLS);
        var reads = calls.stream().filter(c -> !c.write()).count();
        // A look before each change, and those of the common pace: none of any pool by itself.
        System.out.printf("%d reads for %d pools and %d looks%n", reads, POOLS, looks);
        assertThat(reads).isLessThan(2 * (4L * POOLS + looks));
    }

    private static Map<String, Long> busiestMinute(List<Call> calls) {
        var minute = SECOND.multipliedBy(60).toNanos();
        var most = new TreeMap<String, Long>();
        calls.forEach(first -> calls.stream()
                .filter(c -> c.at() - first.at() >= 0 && c.at() - first.at() < minute)
                .collect(Collectors.groupingBy(c -> c.method() + " " + c.what(), Collectors.counting()))
                .forEach((what, count) -> most.merge(what, count, Math::max)));
        return most;
    }
}
