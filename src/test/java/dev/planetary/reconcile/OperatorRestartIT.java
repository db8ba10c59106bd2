package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The operator may die anywhere. */
class OperatorRestartIT {
    /** 3 Secrets, ControllerRevision, ConfigMap, NetworkPolicy, Service, 3 pods, an event, the status. */
    private static final int WRITES = 12;

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    static IntStream everyPoint() {
        return IntStream.rangeClosed(0, WRITES);
    }

    @ParameterizedTest
    @MethodSource("everyPoint")
    void aCreationIsTakenUpWhereItBrokeOff(int survived) {
        // Given an operator that dies after so many writes
        var writes = new AtomicInteger();
        flow.wire().breaks(sent -> sent.write() && writes.incrementAndGet() > survived, new Wire.Fault.Dead());
        flow.apply("c", "workers: {replicas: 2}");
        Flow.until().until(() -> writes.get() > survived || writes.get() == WRITES);
        flow.stop();
        var secrets = secrets();

        // When
        flow.restart();
        flow.comeUp("c", 2);
        flow.settle();

        // Then: nothing is missing, nothing is there twice, and who trusted the cluster still does
        assertThat(names(flow.objects()))
                .hasSize(10)
                .contains(
                        "Pod c-scheduler-0",
                        "Pod c-default-0",
                        "Pod c-default-1",
                        "Service c-scheduler",
                        "Secret c-ca",
                        "Secret c-pods",
                        "Secret c-client",
                        "NetworkPolicy c-dask",
                        "ControllerRevision c-r1");
        assertThat(secrets()).containsAllEntriesOf(secrets);
    }

    @Test
    void anAnswerThatIsLostIsNoLoss() {
        // Given a line that carries every first request and loses the answer
        var lost = ConcurrentHashMap.<String>newKeySet();
        flow.wire().breaks(sent -> {
            var once = sent.write()
                    && !sent.is("POST events")
                    && lost.add(sent.method() + sent.path() + sent.body().length());
            return once
                    ? Optional.of(new Wire.Fault.Lost(flow.client(), 504, "Timeout", "the answer was lost"))
                    : Optional.empty();
        });

        // When
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);
        flow.settle();

        // Then
        assertThat(names(flow.objects())).hasSize(10).contains("Pod c-default-0", "Pod c-default-1");
        assertThat(flow.ready("c")).isTrue();
    }

    @Test
    void aRetirementUnderWayIsFollowedToItsEnd() {
        // Given
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);
        flow.scheduler("c").loaded(flow.pods().get("c-default-0"), 100, 0);
        flow.change("c", "workers: {replicas: 1}");
        var leaving = flow.pods().get("c-default-1");
        Flow.until().until(() -> flow.scheduler("c")
                .retireRequests
                .contains(Set.of(leaving.getMetadata().getUid())));
        flow.stop();

        // When it leaves while nobody looks
        flow.scheduler("c").closes(leaving);
        flow.pods().succeed(leaving);
        flow.restart();

        // Then it counts as retired, not as lost
        Flow.until()
                .untilAsserted(() -> assertThat(flow.pods().workerNames("c")).containsExactly("c-default-0"));
        Flow.until().untilAsserted(() -> assertThat(flow.events("c", "Retired")).hasSize(1));
        assertThat(flow.events("c", "Completed")).isEmpty();
    }

    @Test
    void aScaleDownUnderWayIsNotAnnouncedAgain() {
        // Given
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);
        flow.change("c", "workers: {replicas: 1}");
        Flow.until().until(() -> flow.scheduler("c").retireRequests.size() == 1);
        flow.settle();

        // When
        flow.restart();
        flow.settle();

        // Then
        assertThat(flow.scheduler("c").retireRequests).hasSize(1);
        assertThat(flow.events("c", "ScaledDown")).hasSize(1);
        assertThat(flow.pods().workers("c")).hasSize(2);
    }

    private Map<String, Map<String, String>> secrets() {
        return flow.client().secrets().inNamespace(flow.namespace()).list().getItems().stream()
                .collect(Collectors.toMap(s -> s.getMetadata().getName(), Secret::getData));
    }

    private static List<String> names(List<HasMetadata> objects) {
        return objects.stream()
                .map(o -> o.getKind() + " " + o.getMetadata().getName())
                .toList();
    }
}
