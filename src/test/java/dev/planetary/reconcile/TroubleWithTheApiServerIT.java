package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.it.ApiServer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Refusals that time may cure: told, tried again with pauses, and over when they are over. */
class TroubleWithTheApiServerIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @ParameterizedTest
    @CsvSource({
        "POST pods,     403, Forbidden,          'pods c-default-0 is forbidden: exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5', QuotaExceeded",
        "POST pods,     429, TooManyRequests,    'too many requests, please try again later', ApiServerError",
        "POST pods,     500, InternalError,      'etcdserver: request timed out', ApiServerError",
        "POST secrets,  503, ServiceUnavailable, 'the server is currently unable to handle the request', ApiServerError",
        "POST services, 403, Forbidden,          'services is forbidden: User operator cannot create resource services', Forbidden"
    })
    void isToldAndOvercome(String request, int code, String reason, String words, String told) {
        // Given
        flow.wire().breaks(sent -> sent.is(request), new Wire.Fault.Answer(code, reason, words));

        // When
        flow.apply("c", "workers: {replicas: 1}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.RECONCILING))
                .startsWith(told + ": ")
                .contains("not created yet", words));
        assertThat(flow.condition("c", Condition.STALLED)).isEmpty();
        assertThat(flow.condition("c", Condition.READY))
                .get()
                .extracting(Condition::status)
                .isEqualTo(Condition.Status.False);

        // and it is tried again, each time after a longer pause: two pods, each sent four times by the client itself,
        // in three attempts
        flow.wire().forget();
        Flow.until().pollDelay(Duration.ofSeconds(3)).until(() -> true);
        assertThat(flow.wire().requests().stream().filter(s -> s.is(request))).hasSizeBetween(1, 24);
        assertThat(flow.wire().requests().stream().filter(s -> !s.is(request) && s.write()))
                .isEmpty();

        // When
        flow.wire().heals();

        // Then
        flow.comeUp("c", 1);
        assertThat(flow.condition("c", Condition.RECONCILING)).isEmpty();
    }

    /** A process that stands still for a while within a pass: what was to be waited for is over before anybody waits. */
    @Test
    void isOvercomeByAProcessThatGetsNoTimeForMomentsOnEnd() {
        // Given
        var readings = new AtomicInteger();
        InstantSource jumps = () -> Instant.now().plusMillis(1000L * readings.getAndIncrement());
        flow.restart(jumps.withZone(ZoneOffset.UTC));
        var refused = ConcurrentHashMap.<String>newKeySet();
        flow.wire()
                .breaks(
                        sent -> sent.method().equals("POST") && !sent.is("POST events") && refused.add(sent.what()),
                        new Wire.Fault.Answer(403, "Forbidden", "exceeded quota: q"));

        // When
        flow.apply("c", "workers: {replicas: 1}");

        // Then
        Flow.until().until(() -> flow.pods().of("c").size() == 2);
        assertThat(refused).contains("POST secrets", "POST pods");
    }

    @Test
    void aStatusThatCannotBeWrittenIsWrittenLater() {
        // Given
        flow.wire()
                .breaks(
                        sent -> sent.is("PUT planetaryclusters/status"),
                        new Wire.Fault.Answer(500, "InternalError", "etcdserver: no leader"));

        // When
        flow.apply("c", "workers: {replicas: 1}");
        Flow.until().until(() -> flow.pods().of("c").size() == 2);
        flow.pods().of("c").forEach(flow.pods()::run);
        flow.scheduler("c").register(flow.pods().workers("c"));
        flow.wire().forget();
        Flow.until().pollDelay(Duration.ofSeconds(3)).until(() -> true);

        // Then: no pod is made twice, nothing spins
        assertThat(flow.pods().of("c")).hasSize(2);
        assertThat(flow.wire().requests()).hasSizeLessThan(40);
        assertThat(flow.status("c")).isEmpty();

        // When
        flow.wire().heals();

        // Then
        Flow.until().until(() -> flow.ready("c"));
    }

    @Test
    void workersThatAQuotaForbidsDoNotKeepTheOthersFromWorking() {
        // Given
        flow.wire()
                .breaks(
                        sent -> sent.is("POST pods") && sent.body().contains("\"c-default-2\""),
                        new Wire.Fault.Answer(403, "Forbidden", "exceeded quota: q"));

        // When
        flow.apply("c", "workers: {replicas: 3}");
        Flow.until().until(() -> flow.pods().of("c").size() == 3);
        flow.pods().of("c").forEach(flow.pods()::run);
        flow.scheduler("c").register(flow.pods().workers("c"));

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.WORKERS_READY))
                .contains("2 of 3 workers ready"));
        assertThat(flow.message("c", Condition.READY)).startsWith("QuotaExceeded: ");
        assertThat(flow.condition("c", Condition.SCHEDULER_READY))
                .get()
                .extracting(Condition::status)
                .isEqualTo(Condition.Status.True);

        // When fewer are asked for
        flow.change("c", "workers: {replicas: 2}");

        // Then
        Flow.until().until(() -> flow.ready("c"));
    }
}
