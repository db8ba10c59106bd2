package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.desired.NearData;
import dev.planetary.it.ApiServer;
import dev.planetary.stac.StacServer;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Jobs that say which data they read, before a real catalogue. All nodes there are count, so they are this test's own. */
@ResourceLock("nodes")
class JobLocalityIT {
    private static final String REQUIRES = ", data: {collections: [naip], locality: Require}";
    private static final String FAR =
            "naip (storage account naipeuwest) in westeurope; nodes in eastus: reading from there is slow and costs"
                    + " egress; run it in a Kubernetes cluster in westeurope";

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    private final StacServer catalogue = new StacServer();

    @BeforeEach
    void withCatalogue() {
        catalogue.has("naip", "westeurope");
        flow.restart(settings());
    }

    @AfterEach
    void clear() {
        catalogue.close();
        List.of("a", "b").forEach(n -> flow.client().nodes().withName(name(n)).delete());
    }

    @Test
    void itsOwnClusterIsMadeWithItsDataAndItsRunnerGoesThereToo() {
        // Given
        node("a", "westeurope");

        // When
        var job = flow.applyJob("j", "cluster: {workers: {replicas: 1}}, script: x" + REQUIRES);
        var cluster = "j-" + job.getMetadata().getUid().substring(0, 5);
        Flow.until().until(() -> flow.pods().of(cluster).size() == 2);
        flow.pods().of(cluster).forEach(pod -> flow.pods().bind(pod, name("a")));
        flow.comeUp(cluster, 1);

        // Then
        assertThat(flow.cluster(cluster).get().getSpec().data())
                .isEqualTo(job.getSpec().data());
        assertThat(flow.message(cluster, Condition.DATA_LOCAL)).startsWith("SameRegion: ");
        var runner = flow.runner("j", 0);
        assertThat(runner.getSpec()
                        .getAffinity()
                        .getNodeAffinity()
                        .getRequiredDuringSchedulingIgnoredDuringExecution()
                        .getNodeSelectorTerms()
                        .getFirst()
                        .getMatchExpressions())
                .anySatisfy(e -> {
                    assertThat(e.getKey()).isEqualTo(NearData.LABEL);
                    assertThat(e.getValues()).containsExactly("westeurope");
                });
        Flow.until().until(() -> said().startsWith("True SameRegion: "));

        // When
        flow.pods().run(runner);
        flow.pods().exit(runner, 0, "");

        // Then it stays said
        flow.awaitJob("j", "Succeeded: Completed");
        assertThat(said()).startsWith("True SameRegion: ");
        assertThat(catalogue.asked()).hasSize(1);
    }

    @Test
    void itsOwnClusterThatWouldBeFarHasNoPodsAndTheJobSaysWhy() {
        // Given
        node("a", "eastus");

        // When
        var job = flow.applyJob("j", "cluster: {workers: {replicas: 1}}, script: x" + REQUIRES);
        var cluster = "j-" + job.getMetadata().getUid().substring(0, 5);

        // Then
        var status = flow.awaitJob("j", "Pending: DataElsewhere");
        assertThat(status.message()).startsWith(FAR);
        Flow.until().until(() -> flow.message(cluster, Condition.STALLED).startsWith("DataElsewhere: "));
        flow.settle();
        assertThat(flow.pods().of(cluster)).isEmpty();

        // When a node comes that is near
        node("b", "westeurope");

        // Then
        flow.comeUp(cluster, 1);
        flow.runner("j", 0);
    }

    @Test
    void onAClusterOfOthersThatIsFarItRunsAndIsWarnedOnce() {
        // Given
        far();

        // When
        flow.applyJob("j", JobLifeIT.ON_C + ", data: {collections: [naip]}");

        // Then
        var runner = flow.runner("j", 0);
        Flow.until().untilAsserted(() -> assertThat(said()).isEqualTo("False DataElsewhere: " + FAR));
        flow.pods().run(runner);
        flow.awaitJob("j", "Running: Running");

        // When another process looks
        flow.settle();
        flow.restart(settings());
        Flow.until().until(() -> catalogue.asked().size() == 2);
        flow.settle();

        // Then nothing is said anew, and nobody else is concerned
        assertThat(flow.events("j", "DataElsewhere")).containsExactly(FAR);
        assertThat(flow.condition("c", Condition.DATA_LOCAL)).isEmpty();
    }

    @Test
    void whoRequiresNearnessIsNotStartedOnAClusterThatIsFarUntilItIsNear() {
        // Given
        far();

        // When
        flow.applyJob("j", JobLifeIT.ON_C + REQUIRES);

        // Then
        assertThat(flow.awaitJob("j", "Pending: DataElsewhere").message()).contains("data.locality is Require");
        flow.settle();
        assertThat(flow.pods().runners("j")).isEmpty();
        assertThat(flow.ready("c")).isTrue();

        // When its nodes turn out to be near
        flow.client().nodes().withName(name("a")).edit(n -> new NodeBuilder(n)
                .editMetadata()
                .addToLabels(NearData.LABEL, "westeurope")
                .endMetadata()
                .build());

        // Then
        flow.runner("j", 0);
        assertThat(said()).startsWith("True SameRegion: ");
    }

    @Test
    void afterARestartNothingIsWrittenThatWasSaidBefore() {
        // Given
        node("a", "westeurope");
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.applyJob("j", JobLifeIT.ON_C + REQUIRES);
        flow.pods().run(flow.runner("j", 0));
        flow.awaitJob("j", "Running: Running");
        flow.settle();
        assertThat(said()).startsWith("True SameRegion: ");
        flow.stop();
        var before = flow.job("j").get();

        // When
        catalogue.hold();
        flow.restart(settings());
        Flow.until().until(() -> catalogue.asked().size() == 2);
        flow.settle();
        catalogue.release();
        flow.settle();

        // Then
        assertThat(flow.wire().writes()).isEmpty();
        assertThat(flow.job("j").get()).isEqualTo(before);
    }

    /** A cluster that names no data, on a node that is far. */
    private void far() {
        node("a", "eastus");
        flow.apply("c", "workers: {replicas: 1}");
        Flow.until().until(() -> flow.pods().of("c").size() == 2);
        flow.pods().of("c").forEach(pod -> flow.pods().bind(pod, name("a")));
        flow.comeUp("c", 1);
    }

    private TestSettings settings() {
        return new TestSettings(Flow.IMAGE).withCatalogue(catalogue.url());
    }

    /** The job's condition DataLocal, "" while it is not there. */
    private String said() {
        PlanetaryJobStatus status = flow.jobStatus("j");
        return status.condition(Condition.DATA_LOCAL)
                .map(c -> c.status() + " " + c.reason() + ": " + c.message())
                .orElse("");
    }

    private void node(String name, String region) {
        flow.client()
                .resource(new NodeBuilder()
                        .withNewMetadata()
                        .withName(name(name))
                        .addToLabels(NearData.LABEL, region)
                        .endMetadata()
                        .build())
                .create();
    }

    private String name(String node) {
        return flow.namespace() + "-" + node;
    }
}
