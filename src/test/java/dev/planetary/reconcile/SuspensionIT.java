package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** No pods, everything else kept. */
class SuspensionIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void tellsTheSchedulerAndEndsAllPodsAtOnce() {
        // Given a cluster at work, with pods that take their time to end
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);
        flow.scheduler("c").loaded(flow.pods().get("c-default-0"), 1000, 2);
        var pods = flow.pods().of("c");
        pods.forEach(flow.pods()::bind);
        var scheduler = flow.scheduler("c");

        // When
        flow.change("c", "suspend: true");

        // Then
        Flow.until().until(() -> flow.pods().of("c").stream()
                .allMatch(p -> p.getMetadata().getDeletionTimestamp() != null));
        assertThat(scheduler.toldOfTheEnd()).isTrue();
        assertThat(scheduler.retireRequests).isEmpty();
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.READY))
                .isEqualTo("Suspending: 3 pods still there"));

        // When they have
        pods.forEach(flow.pods()::gone);

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.READY))
                .startsWith("Suspended: "));
        assertThat(flow.ready("c")).isTrue();
        assertThat(flow.status("c")).get().satisfies(s -> {
            assertThat(s.phase()).isEqualTo(Phase.Suspended);
            assertThat(s.condition(Condition.RECONCILING)).isEmpty();
            assertThat(s.workers().desired()).isZero();
            assertThat(s.workers().ready()).isZero();
        });
        assertThat(flow.events("c", "Suspended")).isNotEmpty();
        assertThat(flow.client()
                        .services()
                        .inNamespace(flow.namespace())
                        .withName("c-scheduler")
                        .get())
                .isNotNull();
    }

    @Test
    void resumesWithTheSameCertificates() {
        // Given
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);
        var secrets = secrets();
        flow.change("c", "suspend: true");
        Flow.until().until(() -> flow.message("c", Condition.READY).startsWith("Suspended: "));

        // When
        flow.change("c", "suspend: false");

        // Then
        flow.comeUp("c", 2);
        assertThat(flow.status("c").orElseThrow().phase()).isEqualTo(Phase.Running);
        assertThat(secrets()).isEqualTo(secrets);
    }

    @Test
    void aClusterMadeSuspendedMakesNoPod() {
        // When
        flow.apply("c", "suspend: true");

        // Then
        Flow.until().until(() -> flow.message("c", Condition.READY).startsWith("Suspended: "));
        assertThat(flow.pods().of("c")).isEmpty();
        assertThat(secrets()).hasSize(3);
    }

    private List<Secret> secrets() {
        return flow.client().secrets().inNamespace(flow.namespace()).list().getItems();
    }
}
