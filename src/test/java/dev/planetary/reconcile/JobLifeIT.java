package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.desired.Labels;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job from its making to its end: on a cluster that is there, and on one of its own. */
class JobLifeIT {
    static final String ON_C = "clusterRef: {name: c}, script: 'print(1)'";

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void aJobRunsOnAClusterThatIsThereAndItsExitDecides() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);

        // When
        var job = flow.applyJob("j", ON_C + ", parameters: {bbox: '5,52', 'max-cloud': '$(HOME)'}");

        // Then
        var runner = flow.runner("j", 0);
        assertThat(runner.getMetadata().getName())
                .isEqualTo("j-" + job.getMetadata().getUid().substring(0, 5) + "-0");
        assertThat(Labels.owns(job, runner)).isTrue();
        assertThat(runner.getSpec().getRestartPolicy()).isEqualTo("Never");
        assertThat(runner.getMetadata().getLabels()).containsEntry("planetary.dev/client-of", "c");
        assertThat(env(runner, "PARAM_BBOX")).isEqualTo("5,52");
        assertThat(env(runner, "PARAM_MAX_CLOUD")).isEqualTo("$$(HOME)");
        assertThat(env(runner, "DASK_CLIENT_NAME"))
                .isEqualTo("planetary-job." + runner.getMetadata().getName());
        flow.awaitJob("j", "Starting: RunnerStarting");

        // When
        flow.pods().run(runner);

        // Then
        var running = flow.awaitJob("j", "Running: Running");
        assertThat(running.startTime()).isNotNull();
        assertThat(running.condition(Condition.READY).orElseThrow().status()).isEqualTo(Condition.Status.False);
        assertThat(running.condition(Condition.RECONCILING)).isPresent();

        // When
        flow.pods().exit(runner, 0, "{\"v\": 1, \"exit\": 0, \"result\": \"{\\\"ndvi\\\": 0.5}\"}");

        // Then
        var end = flow.awaitJob("j", "Succeeded: Completed");
        assertThat(end.result()).isEqualTo("{\"ndvi\": 0.5}");
        assertThat(end.completionTime()).isNotNull();
        assertThat(end.duration()).isNotNull();
        assertThat(end.attempts()).isEqualTo(1);
        assertThat(end.condition(Condition.READY).orElseThrow().status()).isEqualTo(Condition.Status.True);
        assertThat(end.condition(Condition.COMPLETE)).isPresent();
        assertThat(end.condition(Condition.RECONCILING)).isEmpty();
        assertThat(flow.cluster("c").get()).isNotNull();
    }

    @Test
    void theFirstWordIsOneThatKstatusUnderstands() {
        // When
        flow.applyJob("j", ON_C);

        // Then
        var status = flow.awaitJob("j", "Pending: ClusterNotFound");
        assertThat(status.observedGeneration()).isEqualTo(1);
        assertThat(status.condition(Condition.READY)).isPresent();
        assertThat(status.condition(Condition.RECONCILING)).isPresent();
        assertThat(status.attempts()).isZero();
        assertThat(flow.wire().writes().stream().filter(w -> w.is("PUT planetaryjobs/status")))
                .allSatisfy(w -> assertThat(w.body()).contains("observedGeneration", "\"Ready\""));

        // When the cluster is made
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);

        // Then
        flow.runner("j", 0);
    }

    @Test
    void aJobWithAClusterOfItsOwnMakesItAndFreesItAtTheEnd() {
        // When
        var job = flow.applyJob("j", "cluster: {workers: {replicas: 1}}, command: [python, main.py], args: ['-v']");
        var name = "j-" + job.getMetadata().getUid().substring(0, 5);
        Flow.until().until(() -> flow.cluster(name).get() != null);

        // Then
        assertThat(Labels.owns(job, flow.cluster(name).get())).isTrue();
        flow.comeUp(name, 1);
        var runner = flow.runner("j", 0);
        assertThat(container(runner).getArgs()).containsExactly("--", "python", "main.py", "-v");
        assertThat(flow.jobStatus("j").clusterName()).isEqualTo(name);

        // When
        flow.pods().run(runner);
        flow.pods().exit(runner, 0, "{\"v\": 1, \"exit\": 0}");

        // Then
        flow.awaitJob("j", "Succeeded: Completed");
        Flow.until().until(() -> flow.cluster(name).get() == null);
        flow.settle();
        assertThat(flow.cluster(name).get()).isNull();
        assertThat(flow.jobStatus("j").phase()).isEqualTo(Phase.Succeeded);
    }

    @Test
    void aFailedAttemptIsRetriedOnALiveClusterUntilRetriesAreUsedUp() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.applyJob("j", ON_C + ", retries: 1");
        var first = flow.runner("j", 0);
        flow.pods().run(first);
        flow.awaitJob("j", "Running: Running");

        // When it fails while the scheduler does not answer
        flow.scheduler("c").silent(true);
        flow.pods().exit(first, 3, "{\"v\": 1, \"exit\": 3, \"tail\": \"no data at https://x?sig=abc\"}");

        // Then it waits
        flow.awaitJob("j", "Pending: ClusterStarting");
        assertThat(flow.events("j", "ProgramFailed")).singleElement().satisfies(note -> assertThat(note)
                .contains("attempt 1 failed: exit code 3: no data at https://x?sig=…"));
        assertThat(flow.jobStatus("j").failures()).isEqualTo(1);

        // When
        flow.scheduler("c").silent(false);
        var second = flow.runner("j", 1);
        flow.pods().run(second);
        flow.pods().exit(second, 1, "no JSON");

        // Then
        var end = flow.awaitJob("j", "Failed: ProgramFailed");
        assertThat(end.message()).isEqualTo("attempt 2 failed: exit code 1: no JSON");
        assertThat(end.condition(Condition.FAILED)).isPresent();
        assertThat(end.condition(Condition.STALLED)).isPresent();
        assertThat(end.condition(Condition.READY).orElseThrow().status()).isEqualTo(Condition.Status.False);
        assertThat(flow.pods().runners("j")).hasSize(2);
    }

    @Test
    void progressIsTheJobsOwn() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.applyJob("a", ON_C);
        flow.applyJob("b", ON_C);
        var a = flow.runner("a", 0);
        var b = flow.runner("b", 0);
        flow.pods().run(a);
        flow.pods().run(b);
        flow.awaitJob("a", "Running: Running");
        flow.awaitJob("b", "Running: Running");

        // When
        flow.scheduler("c").progress(a, 1, 3);
        flow.scheduler("c").progress(b, 5, 5);

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.jobStatus("a").progress())
                .isEqualTo(new PlanetaryJobStatus.Progress(1L, 3L, 33)));
        Flow.until().untilAsserted(() -> assertThat(flow.jobStatus("b").progress())
                .isEqualTo(new PlanetaryJobStatus.Progress(5L, 5L, 100)));
    }

    @Test
    void everythingAJobHasIsOwnedByIt() {
        // When
        var job = flow.applyJob("j", "cluster: {workers: {replicas: 1}}, script: x");
        var name = "j-" + job.getMetadata().getUid().substring(0, 5);
        Flow.until().until(() -> flow.cluster(name).get() != null);
        flow.comeUp(name, 1);
        flow.runner("j", 0);

        // Then
        var cluster = flow.cluster(name).get();
        assertThat(Labels.owns(job, cluster)).isTrue();
        assertThat(flow.objects()).isNotEmpty().allSatisfy(o -> assertThat(
                        Labels.owns(job, o) || Labels.owns(cluster, o))
                .as(o.getKind() + " " + o.getMetadata().getName())
                .isTrue());
    }

    private static Container container(Pod runner) {
        return runner.getSpec().getContainers().getFirst();
    }

    private static String env(Pod runner, String name) {
        return container(runner).getEnv().stream()
                .filter(e -> e.getName().equals(name))
                .map(EnvVar::getValue)
                .findFirst()
                .orElse("(none)");
    }

    static List<String> names(List<Pod> pods) {
        return pods.stream().map(p -> p.getMetadata().getName()).toList();
    }
}
