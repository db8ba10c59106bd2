package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.it.ApiServer;
import io.micrometer.core.instrument.search.RequiredSearch;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the operator tells of itself while it works. */
class TelemetryIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void clustersAndTheirWorkersAreCountedAndTheFirstTimeReadyIsTimed() {
        // Given one that comes up, and one whose pods the API server refuses
        flow.apply("good", "workers: {replicas: 2}");
        flow.comeUp("good", 2);
        flow.wire()
                .breaks(
                        sent -> sent.is("POST pods") && sent.body().contains("\"bad-"),
                        new Wire.Fault.Answer(422, "Invalid", "spec.containers: no"));
        flow.apply("bad", "workers: {replicas: 3}");
        Flow.until().untilAsserted(() -> assertThat(flow.status("bad"))
                .get()
                .extracting(s -> s.phase())
                .isEqualTo(Phase.Failed));
        flow.settle();

        // Then
        assertThat(gauge("planetary.clusters", "phase", "Running")).isEqualTo(1);
        assertThat(gauge("planetary.clusters", "phase", "Failed")).isEqualTo(1);
        assertThat(gauge("planetary.clusters", "phase", "Pending")).isZero();
        assertThat(gauge("planetary.workers", "state", "desired")).isEqualTo(5);
        assertThat(gauge("planetary.workers", "state", "ready")).isEqualTo(2);
        assertThat(gauge("planetary.clusters.not.ready", "reason", "Invalid")).isEqualTo(1);
        assertThat(count("planetary.findings", "reason", "Invalid")).isEqualTo(1);
        var apply = meter("planetary.cluster.first.ready").timer();
        assertThat(apply.count()).isEqualTo(1);
        assertThat(apply.max(TimeUnit.SECONDS)).isBetween(0.0, 30.0);
        assertThat(meter("planetary.reconcile.duration").timer().count()).isGreaterThan(2);
        assertThat(count("planetary.scheduler.requests", "call", "state", "outcome", "answered"))
                .isPositive();
        assertThat(count("planetary.kubernetes.requests", "verb", "create", "resource", "pods", "code", "201"))
                .isEqualTo(3);
        // The wire sends these elsewhere, so that they are about no resource.
        assertThat(count("planetary.kubernetes.requests", "code", "422")).isPositive();
    }

    @Test
    void lookingAtItAsksTheApiServerNothing() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.settle();
        flow.wire().forget();

        // When
        for (var scrape = 0; scrape < 10; scrape++) {
            flow.metrics().getMeters().forEach(meter -> assertThat(
                            StreamSupport.stream(meter.measure().spliterator(), false)
                                    .count())
                    .isPositive());
            assertThat(flow.deadness()).isEmpty();
        }
        flow.settle();

        // Then
        assertThat(flow.wire().requests()).isEmpty();
    }

    @Test
    void aClusterThatWasReadyIsNotTimedAgainByAnOperatorThatWasRestarted() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.settle();

        // When
        flow.restart();
        Flow.until().until(() -> gauge("planetary.clusters", "phase", "Running") == 1);
        flow.pods().fail(flow.pods().get("c-default-0"));
        Flow.until().until(() -> !flow.ready("c"));
        flow.comeUp("c", 1);
        flow.settle();

        // Then
        assertThat(meter("planetary.cluster.first.ready").timer().count()).isZero();
    }

    @Test
    void workersThatLeaveAreCounted() {
        // Given
        flow.apply("c", "workers: {replicas: 2}");
        flow.comeUp("c", 2);

        // When
        flow.change("c", "workers: {replicas: 1}");
        Flow.until().until(() -> !flow.scheduler("c").retireRequests.isEmpty());
        var leaving = flow.pods().get("c-default-1");
        flow.scheduler("c").closes(leaving);
        flow.pods().succeed(leaving);

        // Then
        Flow.until().untilAsserted(() -> assertThat(
                        meter("planetary.workers.retired").counter().count())
                .isEqualTo(1));
    }

    @Test
    void aPassThatHangsIsSeenByLiveness() {
        // Given
        var hang = new CountDownLatch(1);
        var hangs = new CountDownLatch(1);
        flow.wire().breaks(sent -> {
            if (sent.is("PUT planetaryclusters/status")) {
                hangs.countDown();
                await(hang);
            }
            return Optional.empty();
        });
        flow.apply("c", "workers: {replicas: 1}");
        await(hangs);
        assertThat(flow.deadness()).isEmpty();

        // When
        flow.pass(Duration.ofMinutes(11));

        // Then
        assertThat(flow.deadness()).contains("a pass has been running for PT11M");

        // And when it goes on
        hang.countDown();
        Flow.until().until(() -> gauge("planetary.reconcile.active") == 0);
        assertThat(flow.deadness()).isEmpty();
    }

    @Test
    void aWatchThatNobodyRenewsIsSeenByLiveness() {
        // Given: a hand clock does not renew watches
        flow.apply("c", "workers: {replicas: 0}");
        Flow.until().until(() -> flow.status("c").isPresent());
        flow.settle();
        assertThat(flow.deadness()).isEmpty();

        // When
        flow.pass(Duration.ofMinutes(21));

        // Then
        assertThat(flow.deadness()).contains("a watch has not been renewed for PT21M");
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private RequiredSearch meter(String name, String... tags) {
        return flow.metrics().get(name).tags(tags);
    }

    private double gauge(String name, String... tags) {
        return meter(name, tags).gauge().value();
    }

    private double count(String name, String... tags) {
        return meter(name, tags).counters().stream().mapToDouble(c -> c.count()).sum();
    }
}
