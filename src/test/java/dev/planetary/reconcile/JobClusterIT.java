package dev.planetary.reconcile;

import static dev.planetary.reconcile.JobLifeIT.ON_C;
import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.desired.Labels;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What jobs and clusters mean to each other. */
class JobClusterIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void anUnfinishedJobKeepsItsClusterFromBeingIdle() {
        // Given a cluster that was left alone, but for a job
        flow.apply("c", "idleTimeout: 10s, workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.applyJob("j", ON_C);
        var runner = flow.runner("j", 0);
        flow.pods().run(runner);
        flow.awaitJob("j", "Running: Running");

        // When
        flow.scheduler("c").idleSince(Instant.now().minus(Duration.ofHours(1)));
        flow.settle();

        // Then
        assertThat(flow.condition("c", Condition.EXPIRES_SOON)).isEmpty();
        assertThat(flow.status("c").orElseThrow().expiresAt()).isNull();

        // When
        flow.pods().exit(runner, 0, "");

        // Then it is stopped
        flow.awaitJob("j", "Succeeded: Completed");
        Flow.until().until(() -> flow.condition("c", Condition.EXPIRES_SOON).isPresent());
        awaitStopped("c");

        // When a job comes that was made after the stop
        var generation = flow.cluster("c").get().getMetadata().getGeneration();
        flow.applyJob("k", ON_C);

        // Then it starts, and nobody wrote its spec
        flow.awaitJob("k", "Pending: ClusterStarting");
        flow.comeUp("c", 1);
        flow.runner("k", 0);
        assertThat(flow.cluster("c").get().getMetadata().getGeneration()).isEqualTo(generation);
        assertThat(flow.status("c").orElseThrow().stop()).isEmpty();
    }

    @Test
    void theEndOfAClustersLifeFailsItsJobs() {
        // Given
        flow.apply("c", "maxLifetime: 10s, workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.applyJob("j", ON_C + ", retries: 3");
        var runner = flow.runner("j", 0);
        flow.pods().run(runner);

        // When its time is up, then
        var end = flow.awaitJob("j", "Failed: ClusterExpired");
        assertThat(end.message()).contains("maxLifetime");
        Flow.until().until(() -> flow.pods().runners("j").isEmpty());
        awaitStopped("c");

        // When another one is made, then the cluster starts
        flow.applyJob("k", ON_C);
        flow.comeUp("c", 1);
        flow.runner("k", 0);
    }

    @Test
    void aClusterThatDeletesItselfTellsItsJobsFirst() {
        // Given
        flow.apply("c", "maxLifetime: 10s, onExpiry: Delete, workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.applyJob("j", ON_C);
        flow.pods().run(flow.runner("j", 0));

        // When its time is up, then
        flow.awaitJob("j", "Failed: ClusterExpired");
        Flow.until().until(() -> flow.cluster("c").get() == null);
    }

    @Test
    void aSuspendedClusterIsWaitedForAndNotWoken() {
        // Given
        flow.apply("c", "suspend: true, workers: {replicas: 1}");
        Flow.until().until(() -> flow.ready("c"));

        // When
        flow.applyJob("j", ON_C);

        // Then
        flow.awaitJob("j", "Pending: ClusterSuspended");
        flow.settle();
        assertThat(flow.pods().of("c")).isEmpty();

        // When
        flow.change("c", "suspend: false");

        // Then
        flow.comeUp("c", 1);
        var runner = flow.runner("j", 0);
        flow.pods().run(runner);
        flow.awaitJob("j", "Running: Running");

        // When it is suspended while the job runs
        flow.change("c", "suspend: true");

        // Then nobody is charged
        var waiting = flow.awaitJob("j", "Pending: ClusterSuspended");
        assertThat(waiting.failed() + waiting.interrupted()).isZero();
        assertThat(flow.pods().runners("j")).isEmpty();
    }

    @Test
    void aSchedulerThatDiesCostsTheAttemptAndIsWaitedFor() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.applyJob("j", ON_C + ", retries: 1");
        var runner = flow.runner("j", 0);
        flow.pods().run(runner);
        flow.awaitJob("j", "Running: Running");

        // When another scheduler answers, and the program ends on account of it
        var old = flow.pods().schedulers("c").getFirst();
        flow.pods().delete(old);
        Flow.until().until(() -> flow.pods().schedulers("c").stream()
                .anyMatch(
                        p -> !p.getMetadata().getUid().equals(old.getMetadata().getUid())));
        flow.pods().run(flow.pods().schedulers("c").getLast());
        flow.pods().exit(runner, 1, "{\"v\": 1, \"exit\": 1, \"tail\": \"CancelledError\"}");

        // Then
        var second = flow.runner("j", 1);
        assertThat(flow.jobStatus("j").failed()).isEqualTo(1);
        flow.pods().run(second);
        flow.pods().exit(second, 0, "");
        flow.awaitJob("j", "Succeeded: Completed");
    }

    @Test
    void aStoppedClusterOfAJobStaysUntilTheJobGoes() {
        // Given
        var job = flow.applyJob("j", "cluster: {workers: {replicas: 1}}, script: x, clusterAfter: Stop");
        var name = own(job);
        finish(job, 1);

        // Then
        awaitStopped(name);
        assertThat(flow.status(name).orElseThrow().stopReason()).isEqualTo(PlanetaryClusterStatus.StopReason.JobEnded);
        assertThat(Labels.owns(job, flow.cluster(name).get())).isTrue();
        flow.settle();
        assertThat(flow.jobStatus("j").phase()).isEqualTo(Phase.Failed);
    }

    @Test
    void aKeptClusterOutlivesItsJob() {
        // Given
        var job = flow.applyJob("j", "cluster: {workers: {replicas: 1}}, script: x, clusterAfter: Keep");
        var name = own(job);

        // When
        finish(job, 0);

        // Then
        Flow.until().until(() -> flow.cluster(name)
                .get()
                .getMetadata()
                .getOwnerReferences()
                .isEmpty());
        flow.settle();
        assertThat(flow.status(name).orElseThrow().phase()).isEqualTo(PlanetaryClusterStatus.Phase.Running);
    }

    @Test
    void aJobMadeAgainUnderTheSameNameIsANewOne() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.applyJob("j", ON_C);
        var former = flow.runner("j", 0);
        flow.pods().run(former);
        flow.pods().exit(former, 1, "");
        flow.awaitJob("j", "Failed: ProgramFailed");

        // When
        flow.job("j").delete();
        Flow.until().until(() -> flow.job("j").get() == null);
        var job = flow.applyJob("j", ON_C);

        // Then
        Flow.until().until(() -> flow.pods().runners("j").stream().anyMatch(p -> Labels.owns(job, p)));
        var runner = flow.pods().runners("j").stream()
                .filter(p -> Labels.owns(job, p))
                .findFirst()
                .orElseThrow();
        flow.pods().run(runner);
        flow.pods().exit(runner, 0, "");
        assertThat(flow.awaitJob("j", "Succeeded: Completed").attempts()).isEqualTo(1);
    }

    @Test
    void aSuspendedJobHoldsNoClusterAndMakesItAgain() {
        // Given
        var job = flow.applyJob("j", "cluster: {workers: {replicas: 1}}, script: x");
        var name = own(job);
        Flow.until().until(() -> flow.cluster(name).get() != null);
        flow.comeUp(name, 1);
        var first = flow.cluster(name).get().getMetadata().getUid();
        flow.pods().run(flow.runner("j", 0));
        flow.awaitJob("j", "Running: Running");

        // When
        flow.changeJob("j", "suspend: true");

        // Then
        flow.awaitJob("j", "Suspended: Suspended");
        Flow.until().until(() -> flow.cluster(name).get() == null);

        // When
        flow.changeJob("j", "suspend: false");

        // Then
        Flow.until()
                .until(() -> flow.cluster(name).get() != null
                        && !flow.cluster(name).get().getMetadata().getUid().equals(first));
        assertThat(Labels.owns(job, flow.cluster(name).get())).isTrue();
    }

    @Test
    void aJobWhoseTimeIsUpIsDeleted() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        var job = flow.applyJob("j", ON_C + ", ttlAfterFinished: 60s");
        finish(flow.runner("j", 0), 0);
        var status = flow.awaitJob("j", "Succeeded: Completed");
        flow.stop();

        // When an hour has passed
        var past = flow.job("j").get();
        past.setStatus(flow.client()
                .getKubernetesSerialization()
                .unmarshal(
                        flow.client()
                                .getKubernetesSerialization()
                                .asYaml(status)
                                .replace(
                                        status.completionTime(),
                                        status.completed()
                                                .orElseThrow()
                                                .minus(Duration.ofHours(1))
                                                .toString()),
                        dev.planetary.api.PlanetaryJobStatus.class));
        flow.client().resource(past).updateStatus();
        flow.restart();

        // Then
        Flow.until().until(() -> flow.job("j").get() == null);
        assertThat(job.getMetadata().getName()).isEqualTo("j");
    }

    private void finish(PlanetaryJob job, int code) {
        var name = own(job);
        Flow.until().until(() -> flow.cluster(name).get() != null);
        flow.comeUp(name, 1);
        finish(flow.runner(job.getMetadata().getName(), 0), code);
        Flow.until().until(() -> flow.jobStatus(job.getMetadata().getName()).isFinal());
    }

    private void finish(Pod runner, int code) {
        flow.pods().run(runner);
        flow.pods().exit(runner, code, "");
    }

    private void awaitStopped(String cluster) {
        Flow.until().untilAsserted(() -> assertThat(flow.message(cluster, Condition.READY))
                .startsWith("Stopped: "));
        assertThat(flow.pods().of(cluster)).isEmpty();
    }

    private static String own(PlanetaryJob job) {
        return job.getMetadata().getName() + "-" + job.getMetadata().getUid().substring(0, 5);
    }
}
