package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.api.PlanetaryClusterStatus.StopReason;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A cluster that nobody uses, or whose time is up, is warned of, stopped and started again. */
class LifeIT {
    /** The shortest, so that a test sees its end: users are warned 5 s before. */
    private static final String SHORT = "idleTimeout: 10s, workers: {replicas: 2}";

    private static final Duration LONG_AGO = Duration.ofHours(1);

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void anIdleClusterIsStoppedAndStartsByAnnotationOnly() {
        // Given
        idle(SHORT);
        var scheduler = flow.scheduler("c");
        var writes = new CopyOnWriteArrayList<String>();
        flow.wire().breaks(sent -> {
            if (sent.write()) {
                writes.add(sent.is("DELETE pods") || sent.body().contains("stoppedAt") ? sent.what() : "other");
            }
            return Optional.empty();
        });

        // When nobody uses it, then
        awaitStopped();
        assertThat(scheduler.toldOfTheEnd()).isTrue();
        assertThat(scheduler.retireRequests).isEmpty();
        assertThat(writes.stream().filter(w -> !w.equals("other")))
                .as("what is remembered comes before what is destroyed")
                .startsWith("PUT planetaryclusters/status", "DELETE pods");
        assertThat(flow.events("c", "ExpiresSoon")).singleElement().satisfies(note -> assertThat(note)
                .startsWith("stopped at ")
                .contains("1000 bytes of results are discarded", "spec.idleTimeout"));
        assertThat(flow.events("c", "Stopped")).isNotEmpty();
        var status = status();
        assertThat(status.phase()).isEqualTo(Phase.Stopped);
        assertThat(status.stopReason()).isEqualTo(StopReason.IdleTimeout);
        assertThat(status.condition(Condition.READY)).get().satisfies(c -> {
            assertThat(c.status()).isEqualTo(Condition.Status.True);
            assertThat(c.message()).contains("annotate plc c --overwrite planetary.dev/start=");
        });
        assertThat(status.condition(Condition.SCHEDULER_READY).orElseThrow().status())
                .isEqualTo(Condition.Status.False);
        assertThat(status.condition(Condition.EXPIRES_SOON)).isEmpty();
        assertThat(status.workers().desired()).isZero();

        // When the same manifest is applied again, and with a start that lies before the stop
        flow.change("c", SHORT);
        start(status.stop().orElseThrow().at().minusSeconds(1));
        flow.settle();

        // Then
        assertThat(flow.pods().of("c")).isEmpty();
        assertThat(status().phase()).isEqualTo(Phase.Stopped);

        // When
        start(status.stop().orElseThrow().at().plusSeconds(1));

        // Then
        comesUp();
        assertThat(status().stop()).isEmpty();
        assertThat(status().started()).get().satisfies(at -> assertThat(at)
                .isAfterOrEqualTo(status.stop().orElseThrow().at()));
        assertThat(flow.events("c", "Started")).hasSize(1);
    }

    @Test
    void aStopUnderWayIsGoneOnWithAndASpecChangeEndsIt() {
        // Given an operator that dies before the first pod goes
        idle(SHORT);
        var dead = new AtomicBoolean();
        flow.wire()
                .breaks(
                        sent -> {
                            dead.compareAndSet(false, sent.is("DELETE pods"));
                            return dead.get();
                        },
                        new Wire.Fault.Dead());
        Flow.until().until(dead::get);
        flow.stop();
        assertThat(status().stop()).isPresent();
        assertThat(flow.pods().of("c")).hasSize(3);

        // When another one comes that hears of work
        flow.scheduler("c").busy();
        flow.restart();

        // Then it goes on: the cluster was promised to be stopped
        awaitStopped();

        // When
        flow.change("c", "idleTimeout: 1h");

        // Then
        comesUp();
    }

    @Test
    void theSchedulerIsAskedAnewBeforeAnythingIsDiscarded() {
        // Given one that is used in a way that nobody is told of
        idle(SHORT);
        Flow.until().until(() -> status().condition(Condition.EXPIRES_SOON).isPresent());
        var end = status().expires().orElseThrow();
        flow.scheduler("c").quietlyUsedAt(Instant.now().plusSeconds(60));

        // When its time is up, then the warning is taken back
        Flow.until().until(() -> status().condition(Condition.EXPIRES_SOON).isEmpty());
        assertThat(Instant.now()).isAfterOrEqualTo(end);
        assertThat(status().phase()).isEqualTo(Phase.Running);
        assertThat(flow.pods().of("c")).hasSize(3);
    }

    @Test
    void aSilentSchedulerIsNotIdle() {
        // Given
        idle(SHORT);
        Flow.until().until(() -> status().condition(Condition.EXPIRES_SOON).isPresent());
        var end = status().expires().orElseThrow();

        // When
        flow.scheduler("c").silent(true);

        // Then it is only said
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.READY))
                .startsWith("SchedulerUnreachable: "));
        assertThat(Instant.now()).isAfter(end);
        assertThat(status().stop()).isEmpty();
        assertThat(flow.pods().of("c")).hasSize(3);
    }

    @Test
    void nobodyIsWarnedOnAccountOfWhatTheSchedulerSaidSomeTimeAgo() {
        // Given one that was idle when it last answered
        idle("idleTimeout: 24h, workers: {replicas: 2}");
        Flow.until().until(() -> status().idle().isPresent());
        flow.settle();
        flow.scheduler("c").quietlySilent(true);

        // When
        flow.change("c", "idleTimeout: 1h, workers: {replicas: 2}");

        // Then
        var generation = flow.cluster("c").get().getMetadata().getGeneration();
        Flow.until().until(() -> generation.equals(status().observedGeneration()));
        assertThat(status().condition(Condition.EXPIRES_SOON)).isEmpty();
        assertThat(flow.events("c", "ExpiresSoon")).isEmpty();

        // When it answers again, though no event tells of it
        flow.scheduler("c").quietlySilent(false);

        // Then
        Flow.until().until(() -> status().condition(Condition.EXPIRES_SOON).isPresent());
    }

    @Test
    void theWarningComesOnceAlsoOverARestartAndWhateverIsHeld() {
        // Given one that was left alone while no operator was there
        idle("workers: {replicas: 2}");
        Flow.until()
                .untilAsserted(() -> assertThat(flow.events("c", "ExpiresSoon")).hasSize(1));
        flow.settle();
        var before = flow.cluster("c").get();
        assertThat(before.getStatus().expires().orElseThrow())
                .as("nobody is surprised")
                .isAfter(Instant.now().plus(Duration.ofMinutes(4)));

        // When
        flow.restart();
        flow.settle();
        flow.scheduler("c").loaded(flow.pods().get("c-default-0"), 5000, 0);
        flow.settle();

        // Then
        assertThat(flow.events("c", "ExpiresSoon")).hasSize(1);
        assertThat(flow.cluster("c").get()).isEqualTo(before);

        // When it is used again
        flow.scheduler("c").busy();

        // Then
        Flow.until().until(() -> status().condition(Condition.EXPIRES_SOON).isEmpty());
        assertThat(status().idle()).isEmpty();
        assertThat(status().expires()).isEmpty();
    }

    @Test
    void aLifetimeEndsWhateverRunsAndDeletesIfAsked() {
        // Given one that works
        flow.apply("c", "maxLifetime: 10s, onExpiry: Delete, workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.scheduler("c").loaded(flow.pods().get("c-default-0"), 1000, 1);

        // When its time is up, then the object goes, and Kubernetes clears up after it
        Flow.until().until(() -> flow.cluster("c").get() == null);
        assertThat(flow.events("c", "ExpiresSoon"))
                .singleElement()
                .satisfies(note -> assertThat(note).startsWith("deleted at ").contains("spec.maxLifetime"));
        assertThat(flow.events("c", "Deleted")).hasSize(1);
    }

    @Test
    void aStartThatIsToComeIsWaitedFor() {
        // Given
        idle(SHORT);
        awaitStopped();

        // When
        var at = Instant.now().plusSeconds(3).truncatedTo(ChronoUnit.SECONDS);
        start(at);

        // Then
        comesUp();
        assertThat(Instant.now()).isAfterOrEqualTo(at);
    }

    /** A cluster whose results nobody has asked for since long ago. */
    private void idle(String spec) {
        flow.apply("c", spec);
        flow.comeUp("c", 2);
        flow.scheduler("c")
                .loaded(flow.pods().get("c-default-0"), 1000, 0)
                .idleSince(Instant.now().minus(LONG_AGO));
    }

    private void awaitStopped() {
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.READY))
                .startsWith("Stopped: "));
        assertThat(flow.pods().of("c")).isEmpty();
        assertThat(flow.ready("c")).isTrue();
    }

    /** A stopped cluster is ready, too. */
    private void comesUp() {
        flow.comeUp("c", 2);
        Flow.until().until(() -> status().phase() == Phase.Running);
    }

    private void start(Instant at) {
        flow.cluster("c")
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "metadata: {annotations: {%s: '%s'}}".formatted(PlanetaryCluster.START, at));
    }

    private PlanetaryClusterStatus status() {
        return flow.status("c").orElseThrow();
    }
}
