package dev.planetary.reconcile;

import static dev.planetary.reconcile.JobLifeIT.ON_C;
import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What comes between a job and its end: evictions, deletions, deadlines, suspend. */
class JobInterruptionIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @BeforeEach
    void aClusterThatIsUp() {
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
    }

    @Test
    void threeEvictionsAreNotChargedAndTheFourthIs() {
        // Given
        flow.applyJob("j", ON_C);

        // When
        for (var attempt = 0; attempt < 3; attempt++) {
            var runner = flow.runner("j", attempt);
            flow.pods().run(runner);
            flow.pods().evict(runner);
            var wanted = attempt + 1;
            Flow.until().until(() -> flow.jobStatus("j").interrupted() == wanted);
            assertThat(flow.jobStatus("j").failed()).isZero();
        }
        flow.pods().evict(flow.runner("j", 3));

        // Then
        var end = flow.awaitJob("j", "Failed: RunnerEvicted");
        assertThat(end.message()).contains("attempt 4 failed", "The node was low on resource: memory.");
        assertThat(end.attempts()).isEqualTo(4);
        assertThat(flow.events("j", "RunnerEvicted")).hasSizeGreaterThanOrEqualTo(3);
    }

    @Test
    void aRunnerThatSomebodyDeletesIsAnAttemptOfAnotherNameLater() {
        // Given
        flow.applyJob("j", ON_C);
        var first = flow.runner("j", 0);
        flow.pods().run(first);
        flow.awaitJob("j", "Running: Running");

        // When: it has no node, and is gone at once
        flow.pods().delete(first);

        // Then
        var second = flow.runner("j", 1);
        assertThat(flow.jobStatus("j").interrupted()).isEqualTo(1);
        assertThat(posts(first)).isEqualTo(1);
        flow.pods().run(second);
        flow.pods().exit(second, 0, "");
        assertThat(flow.awaitJob("j", "Succeeded: Completed").attempts()).isEqualTo(2);
    }

    @Test
    void aRunnerThatEndsWellWhileItIsDeletedHasEndedWell() {
        // Given
        flow.applyJob("j", ON_C);
        var runner = flow.runner("j", 0);
        flow.pods().bind(runner);
        flow.pods().run(runner);
        flow.awaitJob("j", "Running: Running");

        // When
        flow.pods().delete(runner);
        flow.awaitJob("j", "Running: RunnerEnding");
        flow.pods().exit(runner, 0, "{\"v\": 1, \"exit\": 0, \"result\": \"7\"}");

        // Then
        assertThat(flow.awaitJob("j", "Succeeded: Completed").result()).isEqualTo("7");
    }

    @Test
    void suspendEndsTheRunnerUnchargedAndResumeStartsAnother() {
        // Given
        flow.applyJob("j", ON_C);
        var first = flow.runner("j", 0);
        flow.pods().bind(first);
        flow.pods().run(first);
        flow.awaitJob("j", "Running: Running");

        // When
        flow.changeJob("j", "suspend: true");

        // Then
        flow.awaitJob("j", "Running: Suspending");
        Flow.until()
                .until(() -> flow.pods()
                                .get(first.getMetadata().getName())
                                .getMetadata()
                                .getDeletionTimestamp()
                        != null);
        flow.pods().exit(first, 143, "{\"v\": 1, \"exit\": 143, \"tail\": \"terminated\"}");
        var suspended = flow.awaitJob("j", "Suspended: Suspended");
        assertThat(suspended.failed() + suspended.interrupted()).isZero();
        assertThat(suspended.startTime()).isNull();
        assertThat(suspended.condition(Condition.READY).orElseThrow().status()).isEqualTo(Condition.Status.True);
        flow.pods().gone(first);

        // When
        flow.changeJob("j", "suspend: false");

        // Then
        var second = flow.runner("j", 1);
        flow.pods().run(second);
        flow.pods().exit(second, 0, "");
        var end = flow.awaitJob("j", "Succeeded: Completed");
        assertThat(end.attempts()).isEqualTo(2);
        assertThat(end.failed() + end.interrupted()).isZero();
    }

    @Test
    void aJobMadeSuspendedHasNothing() {
        // When
        flow.applyJob("j", "cluster: {}, script: x, suspend: true");

        // Then
        flow.awaitJob("j", "Suspended: Suspended");
        flow.settle();
        assertThat(flow.pods().runners("j")).isEmpty();
        assertThat(flow.client()
                        .resources(dev.planetary.api.PlanetaryCluster.class)
                        .inNamespace(flow.namespace())
                        .list()
                        .getItems())
                .hasSize(1);

        // When a queue says where it is to run, and lets it go
        flow.changeJob("j", "cluster: {workers: {replicas: 3}}, suspend: false");

        // Then
        flow.awaitJob("j", "Pending: ClusterStarting");
        assertThat(flow.cluster(flow.jobStatus("j").clusterName())
                        .get()
                        .getSpec()
                        .workers()
                        .replicas())
                .isEqualTo(3);
    }

    @Test
    void aProgramThatDoesNotStartInTimeFails() {
        // Given
        flow.applyJob("j", ON_C + ", startDeadline: 10s");
        var runner = flow.runner("j", 0);

        // When
        flow.pods().unschedulable(runner);

        // Then
        var end = flow.awaitJob("j", "Failed: StartDeadlineExceeded");
        assertThat(end.message()).contains("spec.startDeadline", "Insufficient cpu");
        Flow.until().until(() -> flow.pods().runners("j").isEmpty());
    }

    @Test
    void aJobThatWaitsForItsClusterTooLongFails() {
        // When
        flow.applyJob("j", "clusterRef: {name: nowhere}, script: x, startDeadline: 1s");

        // Then
        assertThat(flow.awaitJob("j", "Failed: StartDeadlineExceeded").message())
                .contains("nowhere is not there");
    }

    @Test
    void theActiveDeadlineSpansAttempts() {
        // Given
        flow.applyJob("j", ON_C + ", retries: 5, activeDeadline: 4s");
        var first = flow.runner("j", 0);
        flow.pods().run(first);
        flow.awaitJob("j", "Running: Running");
        var started = flow.jobStatus("j").started().orElseThrow();
        flow.pods().exit(first, 1, "");
        var second = flow.runner("j", 1);
        flow.pods().run(second);

        // Then
        var end = flow.awaitJob("j", "Failed: ActiveDeadlineExceeded");
        assertThat(end.started()).contains(started);
        assertThat(end.completed().orElseThrow()).isBefore(started.plus(Duration.ofSeconds(8)));
        Flow.until().until(() -> flow.pods().runners("j").size() == 1);
    }

    @Test
    void anInvalidTemplateFailsTheJobWithTheServersWords() {
        // When
        flow.applyJob("j", ON_C + ", template: {spec: {dnsPolicy: Nonsense}}");

        // Then
        var end = flow.awaitJob("j", "Failed: Invalid");
        assertThat(end.message()).contains("dnsPolicy");
    }

    @Test
    void aQuotaIsWaitedFor() {
        // Given
        flow.wire()
                .breaks(
                        s -> s.is("POST pods"),
                        new Wire.Fault.Answer(403, "Forbidden", "exceeded quota: pods, used: 3, limited: 3"));

        // When
        flow.applyJob("j", ON_C);

        // Then
        flow.awaitJob("j", "Starting: QuotaExceeded");

        // When
        flow.wire().heals();

        // Then: the same attempt, for nothing was made of it
        flow.runner("j", 0);
        assertThat(flow.jobStatus("j").phase()).isEqualTo(Phase.Starting);
    }

    @Test
    void aScriptThatIsNotThereIsWaitedFor() {
        // When
        flow.applyJob("j", "clusterRef: {name: c}, scriptFrom: {configMapKeyRef: {name: scripts, key: mean.py}}");

        // Then
        flow.awaitJob("j", "Starting: ScriptNotFound");
        assertThat(flow.jobStatus("j").message()).contains("ConfigMap scripts", "mean.py");

        // When
        flow.client()
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("scripts")
                        .withNamespace(flow.namespace())
                        .endMetadata()
                        .addToData("mean.py", "print(1)")
                        .build())
                .create();

        // Then
        flow.runner("j", 0);
    }

    @Test
    void aJobThatGaveUpWaitingForQuotaRests() {
        // Given
        flow.wire().breaks(s -> s.is("POST pods"), new Wire.Fault.Answer(403, "Forbidden", "exceeded quota: pods"));
        flow.applyJob("j", ON_C + ", startDeadline: 2s");
        flow.awaitJob("j", "Failed: StartDeadlineExceeded");
        flow.settle();

        // When
        var before = passes();
        Flow.until().pollDelay(Duration.ofSeconds(2)).until(() -> true);

        // Then
        assertThat(passes() - before).isLessThan(3);
    }

    private long passes() {
        return flow.metrics().get("planetary.reconcile.duration").timers().stream()
                .mapToLong(Timer::count)
                .sum();
    }

    @Test
    void anAnswerThatIsLostIsNotAskedForTwice() {
        // Given
        flow.wire()
                .breaks(
                        s -> s.is("POST pods"),
                        new Wire.Fault.Lost(flow.client(), 504, "Timeout", "the server took too long"));

        // When
        flow.applyJob("j", ON_C);

        // Then: it is found
        var runner = flow.runner("j", 0);
        flow.pods().run(runner);
        flow.awaitJob("j", "Running: Running");
        assertThat(posts(runner)).isEqualTo(1);
        assertThat(flow.pods().runners("j")).hasSize(1);
    }

    @Test
    void aRunnerThatTheApiServerMakesLateDoesNotRunBesideTheNextAttempt() {
        // Given: an answer that comes before the deed
        var late = new AtomicReference<Wire.Sent>();
        flow.wire()
                .breaks(
                        s -> s.is("POST pods") && late.compareAndSet(null, s),
                        new Wire.Fault.Answer(504, "Timeout", "the server took too long"));
        flow.applyJob("j", ON_C);
        var second = flow.runner("j", 1);
        flow.pods().run(second);
        flow.awaitJob("j", "Running: Running");

        // When
        flow.client().raw(late.get().path(), "POST", late.get().body());

        // Then
        Flow.until().until(() -> flow.wire().writes().stream().anyMatch(s -> s.is("DELETE pods")));
        Flow.until().untilAsserted(() -> assertThat(flow.pods().runners("j"))
                .extracting(pod -> pod.getMetadata().getName())
                .containsExactly(second.getMetadata().getName()));
        assertThat(flow.jobStatus("j").phase()).isEqualTo(Phase.Running);
    }

    private long posts(Pod runner) {
        return flow.wire().writes().stream()
                .filter(w -> w.is("POST pods")
                        && w.body().contains("\"" + runner.getMetadata().getName() + "\""))
                .count();
    }
}
