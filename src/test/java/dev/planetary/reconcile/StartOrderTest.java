package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.dask.FakeSchedulerClient;
import dev.planetary.dask.Pace;
import dev.planetary.dask.SchedulerWatch;
import dev.planetary.desired.AcceptedSpec;
import dev.planetary.desired.ClusterModel;
import dev.planetary.telemetry.Telemetry;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Controllers, and the sources of one, start side by side: whoever is asked before its cache is there has nothing to say. */
class StartOrderTest {
    private static final Node NODE =
            new NodeBuilder().withNewMetadata().withName("n").endMetadata().build();

    private final KubernetesClient client =
            new KubernetesClientBuilder().withConfig(Config.empty()).build();
    private final SchedulerWatch watch = new SchedulerWatch(
            new FakeSchedulerClient(),
            new Pace(Duration.ofSeconds(60), Duration.ofMillis(1), Duration.ofMillis(2)),
            Clock.systemUTC());
    private final ClusterBoard board = new ClusterBoard(watch);
    private final ProgressFeed progress = new ProgressFeed();

    @AfterEach
    void close() {
        watch.close();
        client.close();
    }

    @Test
    void nodes_may_come_before_the_pods_on_them() {
        var nodes = informer(new NodeEvents(true));

        assertThat(nodes.getSecondaryToPrimaryMapper().toPrimaryResourceIDs(NODE))
                .isEmpty();
    }

    @Test
    void clusters_may_come_before_the_jobs_on_them() {
        var nodes = new NodeEvents(true);
        var places = new DataPlaces(
                Optional.empty(), nodes, Optional.empty(), Clock.systemUTC(), Runnable::run, Telemetry.NONE);
        new JobSources(board, progress, places, _ -> {})
                .all(new EventSourceContext<>(
                        unstarted(PlanetaryJob.class, PlanetaryJob.class), null, client, PlanetaryJob.class));
        var cluster = new PlanetaryCluster();
        cluster.getMetadata().setName("c");
        cluster.getMetadata().setUid("uid");
        var model = new ClusterModel(cluster, AcceptedSpec.first(cluster.specOrDefault(), "client:1"), "p", false);

        assertThatCode(() -> board.note(model, Set.of(), true)).doesNotThrowAnyException();
        assertThatCode(() -> progress.tell("n", Set.of("runner"))).doesNotThrowAnyException();
        assertThatCode(() -> informer(nodes).getInformerConfig().getItemStore().put("n", NODE))
                .as("a region that nobody knew")
                .doesNotThrowAnyException();
    }

    @SuppressWarnings("unchecked")
    private InformerEventSourceConfiguration<Node> informer(NodeEvents nodes) {
        var sources = nodes.sources(
                unstarted(Pod.class, PlanetaryCluster.class),
                new EventSourceContext<>(null, null, client, PlanetaryCluster.class));
        return ((InformerEventSource<Node, PlanetaryCluster>) sources.getFirst()).configuration();
    }

    private <R extends HasMetadata, P extends HasMetadata> InformerEventSource<R, P> unstarted(
            Class<R> kind, Class<P> primary) {
        return new InformerEventSource<>(
                InformerEventSourceConfiguration.from(kind, primary)
                        .withSecondaryToPrimaryMapper((R _) -> Set.of())
                        .build(),
                new EventSourceContext<>(null, null, client, primary));
    }
}
