package dev.planetary.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.api.PlanetaryClusterStatus.WorkersStatus;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NamespaceableResource;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusWriterTest {
    private final HandClock clock = new HandClock();
    private final List<PlanetaryCluster> written = new ArrayList<>();
    private int refusal;
    private final StatusWriter writer = new StatusWriter(client(), clock);

    @Test
    void writesNothingThatIsThereAlready() {
        var cluster = cluster("5", status(Condition.Status.True, 3));

        assertThat(writer.write(cluster, status(Condition.Status.True, 3))).isEmpty();
        assertThat(written).isEmpty();
    }

    @Test
    void writesOverNothingItHasNotSeen() {
        writer.write(cluster("5", null), status(Condition.Status.False, 0));

        assertThat(written).singleElement().satisfies(c -> {
            assertThat(c.getMetadata().getResourceVersion()).isEqualTo("5");
            assertThat(c.getStatus()).isEqualTo(status(Condition.Status.False, 0));
        });
    }

    /** Once it ran each second counts; on the way up only the end of it. */
    @ParameterizedTest
    @CsvSource({"Degraded, 1000", "Pending, 3000"})
    void putsCountersOffUntilAWhileAfterTheLastWrite(Phase phase, long millis) {
        // Given
        writer.write(cluster("5", null), status(phase, Condition.Status.False, 0));
        var cached = cluster("6", status(phase, Condition.Status.False, 0));
        clock.pass(Duration.ofMillis(300));
        var rest = Duration.ofMillis(millis - 300);

        // When and then
        assertThat(writer.write(cached, status(phase, Condition.Status.False, 1)))
                .contains(rest);
        assertThat(writer.write(cached, status(phase, Condition.Status.False, 2)))
                .contains(rest);
        assertThat(written).hasSize(1);

        // When
        clock.pass(rest);

        // Then
        assertThat(writer.write(cached, status(phase, Condition.Status.False, 3)))
                .isEmpty();
        assertThat(written).hasSize(2).last().satisfies(c -> assertThat(
                        c.getStatus().workers().ready())
                .isEqualTo(3));
    }

    @Test
    void neverPutsOffWhatReadersActOn() {
        // Given
        writer.write(cluster("5", null), status(Condition.Status.False, 0));

        // When
        var putOff = writer.write(cluster("6", status(Condition.Status.False, 0)), status(Condition.Status.True, 0));

        // Then
        assertThat(putOff).isEmpty();
        assertThat(written).hasSize(2);
    }

    @Test
    void knowsItsOwnWriteBeforeTheCacheDoes() {
        // Given
        var old = cluster("5", null);
        writer.write(old, status(Condition.Status.False, 0));

        // When and then
        assertThat(writer.freshest(old).getMetadata().getResourceVersion()).isEqualTo("1000");
        assertThat(writer.freshest(cluster("999", null)).getMetadata().getResourceVersion())
                .isEqualTo("1000");
        var newer = cluster("1001", null);
        assertThat(writer.freshest(newer)).isSameAs(newer);

        // When
        writer.forget("a-uid");

        // Then
        assertThat(writer.freshest(old)).isSameAs(old);
    }

    @Test
    void leavesAConflictToTheNextPass() {
        // Given
        refusal = 409;
        var cached = cluster("5", null);

        // When
        writer.write(cached, status(Condition.Status.False, 0));

        // Then: nothing is remembered as written
        assertThat(writer.freshest(cached)).isSameAs(cached);
    }

    @Test
    void leavesAFailureToTheRetry() {
        refusal = 500;

        assertThatThrownBy(() -> writer.write(cluster("5", null), status(Condition.Status.False, 0)))
                .isInstanceOf(KubernetesClientException.class);
    }

    private static PlanetaryCluster cluster(String version, PlanetaryClusterStatus status) {
        var cluster = new PlanetaryCluster();
        cluster.setMetadata(new ObjectMetaBuilder()
                .withName("c")
                .withNamespace("n")
                .withUid("a-uid")
                .withResourceVersion(version)
                .build());
        cluster.setStatus(status);
        return cluster;
    }

    private static PlanetaryClusterStatus status(Condition.Status ready, int workers) {
        return status(Phase.Pending, ready, workers);
    }

    private static PlanetaryClusterStatus status(Phase phase, Condition.Status ready, int workers) {
        return new PlanetaryClusterStatus(
                1L,
                phase,
                List.of(new Condition(
                        Condition.READY, ready, 1L, "2026-01-01T00:00:00Z", "WorkersStarting", workers + " workers")),
                null,
                new WorkersStatus(3, 3, workers, 0, "a=b"),
                List.of());
    }

    /** A client that can do nothing but take a status. */
    private KubernetesClient client() {
        return fake(KubernetesClient.class, (method, argument) -> {
            assertThat(method).isEqualTo("resource");
            return fake(NamespaceableResource.class, (what, _) -> {
                assertThat(what).isEqualTo("updateStatus");
                return answer((PlanetaryCluster) argument);
            });
        });
    }

    private PlanetaryCluster answer(PlanetaryCluster update) {
        if (refusal != 0) {
            throw new KubernetesClientException("refused", refusal, null);
        }
        written.add(cluster(update.getMetadata().getResourceVersion(), update.getStatus()));
        return cluster("1000", update.getStatus());
    }

    private interface Answers {
        Object to(String method, Object argument);
    }

    private static <T> T fake(Class<T> type, Answers answers) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (_, method, arguments) -> answers.to(method.getName(), arguments == null ? null : arguments[0])));
    }
}
