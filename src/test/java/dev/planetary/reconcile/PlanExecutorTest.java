package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.apply.EventRecorder;
import dev.planetary.apply.HandClock;
import dev.planetary.apply.RecentWrites;
import dev.planetary.dask.FakeSchedulerClient;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.dask.SchedulerUnavailable.Reason;
import dev.planetary.desired.GroupOffers;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ObservedPod;
import dev.planetary.plan.ClusterPlan;
import dev.planetary.plan.Departure;
import dev.planetary.telemetry.Telemetry;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the scheduler is told, also where it does not take every word. */
class PlanExecutorTest {
    private static final SchedulerEndpoint SCHEDULER =
            new SchedulerEndpoint("c", "s", "10.0.0.1", 8787, Optional.empty(), "token");

    private final FakeSchedulerClient schedulers = new FakeSchedulerClient();
    private final RecentWrites recent = new RecentWrites(new HandClock());
    private final List<Runnable> events = new ArrayList<>();
    private final PlanExecutor executor = new PlanExecutor(
            null,
            schedulers,
            recent,
            new EventRecorder(null, new HandClock(), events::add, "test"),
            new Parallel(Runnable::run),
            Telemetry.NONE);

    @Test
    void one_word_that_is_refused_keeps_no_other_back() {
        schedulers.refuses("groups g").refuses("retire [big] 600 s");

        tell();

        assertThat(schedulers.requests)
                .containsExactlyInAnyOrder(
                        "groups g", "cancelRetire [kept]", "retire [small] 60 s", "retire [big] 600 s");
        assertThat(recent.wasAskedToRetire("c", "small")).isTrue();
        assertThat(recent.wasAskedToRetire("c", "big")).isFalse();
        assertThat(events).as("of the one that was told").hasSize(1);
    }

    /** Each would be waited for. */
    @Test
    void one_that_is_not_heard_keeps_back_the_rest() {
        schedulers.refuses("groups g", Reason.UNREACHABLE);

        tell();

        assertThat(schedulers.requests).containsExactly("groups g");
        assertThat(events).isEmpty();
    }

    private void tell() {
        var cluster = new PlanetaryCluster();
        cluster.setMetadata(
                new ObjectMetaBuilder().withName("ndvi").withUid("c").build());
        executor.carryOut(
                cluster,
                new ClusterPlan(
                        List.of(),
                        List.of(),
                        List.of(leaving("small"), leaving("big")),
                        List.of(worker("kept")),
                        0,
                        Optional.of(new GroupOffers("g", Map.of())),
                        false,
                        Optional.empty()),
                Optional.of(SCHEDULER),
                group -> group.equals("small") ? Duration.ofSeconds(60) : Duration.ofSeconds(600));
    }

    private static Departure leaving(String group) {
        return new Departure(worker(group), Departure.Reason.ScaledDown, group + " goes");
    }

    private static ObservedPod worker(String group) {
        var pod = new PodBuilder()
                .withNewMetadata()
                .withName("ndvi-" + group + "-0")
                .withUid(group)
                .withLabels(Labels.worker("ndvi", group))
                .endMetadata()
                .build();
        return new ObservedPod(pod, false, Optional.empty(), false, false);
    }
}
