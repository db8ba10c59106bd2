package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.GroupStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBuilder;
import java.time.Duration;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Groups of workers that follow the work, and Kubernetes' own autoscaler. */
@Order(2) // long
class AutoscaleE2E {
    /** Half a minute of work for one worker; every execution is noted on the scheduler. */
    private static final String WORK =
            """
            import collections, time
            from distributed import Client, get_worker, wait

            def work(i):
                get_worker().log_event("ran", i)
                time.sleep(1)
                return bytes([i]) * 1000

            client = Client()
            futures = client.map(work, range(40))
            print("SENT")
            wait(futures)
            print("DONE")
            input()
            ran = collections.Counter(event for _, event in client.get_events("ran"))
            print("RIGHT", client.gather(futures) == [bytes([i]) * 1000 for i in range(40)])
            print("TWICE", [task for task, times in ran.items() if times > 1])
            """;

    private static final String GPU_WORK =
            """
            import time
            from distributed import Client

            with Client() as client:
                futures = client.map(lambda i: time.sleep(2) or i, range(6), resources={"GPU": 1}, pure=False)
                print("SENT")
                print("SUM", sum(client.gather(futures)))
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void aGroupGrowsWithTheWorkAndGivesBackWhatIsNotNeededWithNothingLost() {
        // Given
        real.apply("c", RealCluster.small(1) + "  autoscale: {min: 1, max: 3}\n");
        real.awaitReady("c");
        var pod = real.clientPod("c");

        try (var work = real.talk(pod, WORK)) {
            // When there is work
            work.await("SENT");

            // Then
            real.await("c", RealCluster.PATIENCE, c -> c.getStatus().workers().ready() == 3);

            // When it is done
            work.await("DONE");

            // Then it stays for a minute, and the results stay for good
            real.await(
                    "c",
                    RealCluster.PATIENCE.plus(Duration.ofMinutes(1)),
                    c -> c.getStatus().workers().desired() == 1 && c.getStatus().phase() == Phase.Running);
            Awaitility.await()
                    .atMost(RealCluster.PATIENCE)
                    .until(() -> real.workers("c").size() == 1);
            work.say("go on");
            assertThat(work.await("RIGHT")).isEqualTo("True");
            assertThat(work.await("TWICE")).isEqualTo("[]");
            work.end();
        }
        // What the user wrote is untouched
        assertThat(real.cluster("c").orElseThrow().getSpec().workers().replicas())
                .isEqualTo(1);
        assertThat(real.cluster("c").orElseThrow().getMetadata().getGeneration())
                .isEqualTo(1);
    }

    @Test
    void aBacklogThatOnlyOneGroupCanRunGrowsThatGroupAlone() {
        // Given a group of no workers
        real.apply(
                "c",
                RealCluster.small(0)
                        + """
                          autoscale: {min: 1, max: 3}
                        workerGroups:
                        - name: gpu
                          autoscale: {max: 2}
                          threads: 1
                          daskResources: {GPU: 1}
                          resources: {requests: {cpu: 20m, memory: 200Mi}, limits: {memory: 768Mi}}
                        """);
        real.awaitReady("c");
        var pod = real.clientPod("c");

        // When
        try (var told = real.listen("c");
                var work = real.talk(pod, GPU_WORK)) {
            work.await("SENT");

            // Then
            assertThat(work.await("SUM")).isEqualTo("15");
            work.end();
            assertThat(told.statuses()).anySatisfy(s -> assertThat(s.groups())
                    .anyMatch(g -> g.name().equals("gpu") && g.desired() == 2));
            assertThat(told.statuses())
                    .allSatisfy(s -> assertThat(s.workers().desired()).isEqualTo(1));
        }
    }

    @Test
    void aHorizontalPodAutoscalerScalesTheDefaultGroupThroughScale() {
        // Given
        real.applySmall("c", 1, "workerGroups: [{name: other, replicas: 0}]");
        real.awaitReady("c");

        // When: without metrics it keeps to its bounds, which is what needs no metrics server here
        real.client()
                .resource(new HorizontalPodAutoscalerBuilder()
                        .withNewMetadata()
                        .withName("c")
                        .withNamespace(real.namespace())
                        .endMetadata()
                        .withNewSpec()
                        .withNewScaleTargetRef()
                        .withApiVersion("planetary.dev/v1alpha1")
                        .withKind(PlanetaryCluster.KIND)
                        .withName("c")
                        .endScaleTargetRef()
                        .withMinReplicas(2)
                        .withMaxReplicas(3)
                        .endSpec()
                        .build())
                .create();

        // Then
        real.await(
                "c",
                RealCluster.PATIENCE,
                c -> c.getSpec().workers().replicas() == 2 && c.getStatus().phase() == Phase.Running);
        assertThat(real.workers("c"))
                .allMatch(w -> w.getMetadata().getLabels().get(Labels.GROUP).equals("default"));
        assertThat(group("other")).map(GroupStatus::desired).hasValue(0);
    }

    private Optional<GroupStatus> group(String name) {
        return real.cluster("c").orElseThrow().getStatus().groups().stream()
                .filter(g -> g.name().equals(name))
                .findFirst();
    }
}
