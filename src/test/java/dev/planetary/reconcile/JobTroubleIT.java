package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.it.ApiServer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A job whose every step is refused a while ends as if nothing had been. In other operators one 429 between the deletion of the cluster
 * and the job's status left a job running for ever (dask-kubernetes 975), and one failed creation left it without workers (976). Their
 * other two ways to wedge: {@link JobClusterIT#aJobMadeAgainUnderTheSameNameIsANewOne} (dask-kubernetes 829) and
 * {@link JobClusterIT#aSchedulerThatDiesCostsTheAttemptAndIsWaitedFor} (KubeRay 3860).
 */
class JobTroubleIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @ParameterizedTest
    @CsvSource({
        // One more than the HTTP client sends by itself, so that the operator hears of it.
        "5, 429, TooManyRequests, 'too many requests, please try again later'",
        "1, 403, Forbidden,       'exceeded quota: q'"
    })
    void everyWriteIsRefusedAtFirstAndTheJobEndsAll(int refusals, int code, String reason, String words) {
        // Given
        Map<String, Integer> seen = new ConcurrentHashMap<>();
        flow.wire()
                .breaks(
                        sent -> sent.write() && seen.merge(sent.what(), 1, Integer::sum) <= refusals,
                        new Wire.Fault.Answer(code, reason, words));

        // When
        var job = flow.applyJob("j", "cluster: {workers: {replicas: 1}}, script: x, retries: 1");
        var cluster = "j-" + job.getMetadata().getUid().substring(0, 5);
        Flow.until().until(() -> flow.cluster(cluster).get() != null);
        flow.comeUp(cluster, 1);
        Flow.until().until(() -> !flow.pods().runners("j").isEmpty());
        var runner = flow.pods().runners("j").getFirst();
        flow.pods().run(runner);
        flow.pods().exit(runner, 0, "{\"v\": 1, \"exit\": 0}");

        // Then
        flow.awaitJob("j", "Succeeded: Completed");
        Flow.until().until(() -> flow.cluster(cluster).get() == null);
        assertThat(flow.pods().runners("j")).hasSize(1);
        assertThat(seen).containsKeys("POST planetaryclusters", "POST pods", "DELETE planetaryclusters");
    }
}
