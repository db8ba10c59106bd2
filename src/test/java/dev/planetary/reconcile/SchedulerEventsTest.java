package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.dask.FakeSchedulerClient;
import dev.planetary.dask.JobProgress;
import dev.planetary.dask.JobsProgress;
import dev.planetary.dask.Pace;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.SchedulerWatch;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SchedulerEventsTest {
    private final FakeSchedulerClient scheduler = new FakeSchedulerClient();
    private final SchedulerWatch watch = new SchedulerWatch(
            scheduler, new Pace(Duration.ofSeconds(60), Duration.ofMillis(1), Duration.ofMillis(2)), Clock.systemUTC());
    private final ProgressFeed progress = new ProgressFeed();
    private final SchedulerEvents events = new SchedulerEvents(watch, new ClusterBoard(watch), progress, _ -> {});
    private final List<Event> clusters = new CopyOnWriteArrayList<>();
    private final List<String> jobs = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        watch.close();
    }

    @Test
    void progress_reconciles_no_cluster_and_reaches_those_who_subscribed() {
        // Given
        events.setEventHandler(clusters::add);
        progress.subscribe((namespace, runners) -> jobs.add(namespace + " " + runners));
        for (var done = 0; done < 5; done++) {
            scheduler.answers(state(1, done));
        }

        // When
        events.follow(cluster(), new SchedulerEndpoint("uid", "pod", "10.0.0.7", 8787, Optional.of("ca"), "token"));
        await().until(() -> scheduler.asked.size() == 6);

        // Then
        assertThat(clusters)
                .extracting(Event::getRelatedCustomResourceID)
                .containsExactly(new ResourceID("ndvi", "team-a"));
        assertThat(jobs).hasSize(5).containsOnly("team-a [ndvi-1a2b3-0]");

        // When something else happens, too
        scheduler.answers(state(2, 5));
        await().until(() -> scheduler.asked.size() == 7);

        // Then
        assertThat(clusters).hasSize(2);
        assertThat(jobs).hasSize(6);
    }

    private static SchedulerState state(long version, long done) {
        var numbers = new JobsProgress(done + 1, Map.of("ndvi-1a2b3-0", new JobProgress(done, 5)));
        return new SchedulerState(
                "b", version, false, Optional.empty(), "", Map.of(), List.of(), Set.of(), List.of(), numbers);
    }

    private static PlanetaryCluster cluster() {
        var cluster = new PlanetaryCluster();
        cluster.getMetadata().setName("ndvi");
        cluster.getMetadata().setNamespace("team-a");
        cluster.getMetadata().setUid("uid");
        return cluster;
    }
}
