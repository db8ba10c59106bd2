package dev.planetary.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterSpec;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.dask.JobsProgress;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.WorkerState;
import dev.planetary.desired.AcceptedSpec;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.Folder;
import dev.planetary.observe.ObservedPod;
import dev.planetary.plan.Wanted;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterStatusTest {
    private static final Instant T0 = Instant.parse("2026-03-01T12:00:00Z");
    private static final Finding REFUSED = new Finding(true, "Invalid", "no such field");

    private final PlanetaryCluster cluster = Serialization.unmarshal(
            "metadata: {name: ndvi, namespace: n, uid: c1, generation: 1}\nspec: {workers: {replicas: 1}}",
            PlanetaryCluster.class);
    private final List<ObservedPod> pods = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();
    private boolean answers = true;
    private Instant now = T0;

    @Test
    void from_pending_to_running_to_degraded_and_back() {
        assertThat(look().phase()).isEqualTo(Phase.Pending);
        pods.add(pod("scheduler", true));
        pods.add(worker("w", true));
        assertThat(look().phase()).isEqualTo(Phase.Running);
        pods.removeLast();
        assertThat(look().phase()).isEqualTo(Phase.Degraded);
        pods.add(worker("w2", true));
        assertThat(look().phase()).isEqualTo(Phase.Running);
    }

    @Test
    void a_cluster_without_a_scheduler_that_ran_is_degraded_until_it_is_back() {
        run();
        pods.clear();

        assertThat(look().phase()).isEqualTo(Phase.Degraded);
        assertThat(look().phase()).isEqualTo(Phase.Degraded);
    }

    @Test
    void suspended_as_asked_is_ready_and_its_scheduler_is_not() {
        run();
        spec("suspend: true");
        assertThat(look().condition(Condition.READY))
                .get()
                .extracting(Condition::status, Condition::reason)
                .containsExactly(Status.False, "Suspending");
        pods.clear();

        var status = look();

        assertThat(status.phase()).isEqualTo(Phase.Suspended);
        assertThat(status.condition(Condition.READY))
                .get()
                .extracting(Condition::status, Condition::reason)
                .containsExactly(Status.True, "Suspended");
        assertThat(status.condition(Condition.SCHEDULER_READY))
                .get()
                .extracting(Condition::status)
                .isEqualTo(Status.False);
        spec("suspend: false");
        assertThat(look().phase()).isEqualTo(Phase.Pending);
    }

    @Test
    void what_cannot_go_on_has_failed_unless_it_works_with_the_last_good_spec() {
        findings.add(REFUSED);
        assertThat(look().phase()).isEqualTo(Phase.Failed);
        pods.add(pod("scheduler", true));
        assertThat(look().phase()).as("a scheduler alone computes nothing").isEqualTo(Phase.Failed);
        pods.add(worker("w", true));
        assertThat(look().phase()).isEqualTo(Phase.Degraded);
        findings.clear();
        assertThat(look().phase()).isEqualTo(Phase.Running);
    }

    @Test
    void the_time_of_a_transition_stays_while_the_status_does() {
        look();
        now = T0.plusSeconds(60);
        pods.add(pod("scheduler", false));
        assertThat(since(look(), Condition.READY))
                .as("another reason, the same status")
                .isEqualTo(T0);
        pods.set(0, pod("scheduler", true));
        var up = look();
        assertThat(since(up, Condition.SCHEDULER_READY)).isEqualTo(now);
        assertThat(since(up, Condition.READY)).isEqualTo(T0);
        now = T0.plusSeconds(120);
        pods.add(worker("w", true));
        var running = look();
        assertThat(since(running, Condition.READY)).isEqualTo(now);
        assertThat(since(running, Condition.SCHEDULER_READY)).isEqualTo(T0.plusSeconds(60));
    }

    @Test
    void nothing_new_makes_the_very_same_status() {
        run();
        var before = look();
        now = now.plusSeconds(3600);

        assertThat(look()).isEqualTo(before);
    }

    @Test
    void the_first_status_speaks_of_the_generation_and_of_readiness() {
        cluster.getMetadata().setGeneration(5L);

        var status = look();

        assertThat(status.observedGeneration()).isEqualTo(5);
        assertThat(status.conditions()).allMatch(c -> c.observedGeneration() == 5);
        assertThat(status.condition(Condition.READY)).isPresent();
    }

    /** What kstatus, Flux and Argo CD rely on, in all that the golden folders know. */
    @ParameterizedTest
    @MethodSource("folders")
    void kstatus_understands_every_status(Folder folder) {
        var status = ClusterStatus.of(
                folder.observe(),
                folder.model(),
                Wanted.of(folder.observe(), folder.model().accepted()),
                folder.findings());

        var types = status.conditions().stream().map(Condition::type).toList();
        assertThat(types)
                .doesNotHaveDuplicates()
                .contains(Condition.READY, Condition.SCHEDULER_READY, Condition.WORKERS_READY);
        assertThat(types.contains(Condition.RECONCILING) && types.contains(Condition.STALLED))
                .as("never both")
                .isFalse();
        assertThat(status.conditions())
                .filteredOn(
                        c -> Set.of(Condition.RECONCILING, Condition.STALLED).contains(c.type()))
                .allMatch(c -> c.status() == Status.True);
        var ready = status.condition(Condition.READY).orElseThrow().status() == Status.True;
        assertThat(ready)
                .as("ready, or somebody says why not")
                .isNotEqualTo(types.contains(Condition.RECONCILING) || types.contains(Condition.STALLED));
        assertThat(status.conditions()).allSatisfy(ClusterStatusTest::isValid);
        assertThat(Serialization.asJson(status)).doesNotContain("SECRET");
    }

    @Test
    void trouble_names_the_pod_and_the_cause_without_secrets_and_within_bounds() {
        pods.add(pod("scheduler", true));
        pods.add(crashing(
                "w", "CrashLoopBackOff", "x".repeat(10_000) + " GET https://a/b?sig=SECRET&x=1 403 Forbidden"));

        var ready = look().condition(Condition.READY).orElseThrow();

        assertThat(ready.reason()).isEqualTo("WorkerCrashLoopBackOff");
        assertThat(ready.message())
                .startsWith("0 of 1 workers ready; w: CrashLoopBackOff: ")
                .contains("403 Forbidden")
                .doesNotContain("SECRET")
                .hasSizeLessThan(1300);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "exit code 1!", "Ü", "a b:", "context deadline exceeded", "Crash-Loop", "日本"})
    void a_pod_may_give_any_reason(String reason) {
        pods.add(pod("scheduler", true));
        pods.add(crashing("w", reason, ""));

        assertThat(look().conditions()).allSatisfy(ClusterStatusTest::isValid);
    }

    @Test
    void findings_are_bounded_and_scrubbed_like_all_else() {
        findings.add(new Finding(true, "Invalid: spec", "env AccountKey=SECRET " + "y".repeat(100_000)));

        assertThat(look().conditions()).allSatisfy(ClusterStatusTest::isValid).noneMatch(c -> c.message()
                .contains("SECRET"));
    }

    @Test
    void a_permanent_finding_stands_before_one_that_time_cures() {
        findings.add(new Finding(false, "ApiServerError", "later"));
        findings.add(REFUSED);

        var status = look();

        assertThat(status.condition(Condition.READY))
                .get()
                .extracting(Condition::reason)
                .isEqualTo("Invalid");
        assertThat(status.condition(Condition.STALLED))
                .get()
                .extracting(Condition::message)
                .isEqualTo("no such field");
        assertThat(status.condition(Condition.RECONCILING)).isEmpty();
    }

    @Test
    void a_pass_that_failed_takes_back_nothing_but_readiness() {
        run();
        findings.add(REFUSED);
        look();

        var status = ClusterStatus.error(cluster, new IllegalStateException("no route"), now);

        assertThat(status.conditions())
                .extracting(Condition::type)
                .containsExactlyInAnyOrder(
                        Condition.READY, Condition.RECONCILING, Condition.SCHEDULER_READY, Condition.WORKERS_READY);
        assertThat(status.condition(Condition.READY))
                .get()
                .extracting(Condition::status, Condition::reason)
                .containsExactly(Status.False, "OperatorError");
        assertThat(status.condition(Condition.WORKERS_READY))
                .isEqualTo(cluster.getStatus().condition(Condition.WORKERS_READY));
    }

    @Test
    void what_a_failed_pass_said_does_not_stay_because_the_scheduler_is_silent() {
        run();
        cluster.setStatus(ClusterStatus.error(cluster, new IllegalStateException("no route"), now));
        answers = false;

        assertThat(look().condition(Condition.READY))
                .get()
                .extracting(Condition::reason)
                .isNotEqualTo("OperatorError");
    }

    @Test
    void another_place_of_the_data_is_more_than_a_counter() {
        var here = dataLocal("nodes in westeurope");

        assertThat(ClusterStatus.onlyCountersDiffer(here, dataLocal("nodes in westeurope")))
                .isTrue();
        assertThat(ClusterStatus.onlyCountersDiffer(here, dataLocal("nodes in eastus")))
                .as("its event is sent before the status is written")
                .isFalse();
    }

    @Test
    void a_rollout_is_not_done_while_an_outdated_worker_stays() {
        run();
        pods.set(1, outdated(worker("w", true)));

        assertThat(look().condition(Condition.READY))
                .get()
                .extracting(Condition::status, Condition::reason)
                .containsExactly(Status.False, "WorkersReplacing");
    }

    @Test
    void a_silent_scheduler_leaves_nobody_wondering_about_workers_that_should_go() {
        run();
        pods.add(worker("w2", true));
        answers = false;
        now = T0.plusSeconds(60);

        var status = look();

        assertThat(status.condition(Condition.READY))
                .get()
                .extracting(Condition::reason)
                .isEqualTo("SchedulerUnreachable");
        assertThat(status.condition(Condition.WORKERS_READY))
                .get()
                .extracting(Condition::message)
                .asString()
                .contains("1 more workers than wanted")
                .contains("does not answer");
    }

    static Stream<Folder> folders() {
        return Folder.all(Path.of("src/test/resources/golden")).stream();
    }

    private static void isValid(Condition c) {
        assertThat(c.reason()).matches("[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?").hasSizeLessThanOrEqualTo(1024);
        assertThat(c.message()).hasSizeLessThan(1300);
        assertThat(Instant.parse(c.lastTransitionTime())).isBeforeOrEqualTo(Instant.parse("2026-03-02T00:00:00Z"));
    }

    /** Looks, and leaves what was seen as the status. */
    private PlanetaryClusterStatus look() {
        var state = answers
                ? Optional.of(new SchedulerState(
                        "b",
                        1,
                        false,
                        Optional.empty(),
                        "",
                        Map.of(),
                        pods.stream().flatMap(p -> p.worker().stream()).toList(),
                        Set.of(),
                        List.of(),
                        JobsProgress.NONE))
                : Optional.<SchedulerState>empty();
        var observed = answers
                ? pods
                : pods.stream()
                        .map(p -> new ObservedPod(p.pod(), p.deleting(), Optional.empty(), false, false))
                        .toList();
        var seen = new ClusterObservation(
                cluster,
                List.of(),
                observed,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                state,
                answers ? Optional.empty() : Optional.of(T0),
                Map.of(),
                now);
        var status = ClusterStatus.of(seen, model(), Wanted.of(seen, model().accepted()), findings);
        cluster.setStatus(status);
        return status;
    }

    private static PlanetaryClusterStatus dataLocal(String message) {
        return new PlanetaryClusterStatus(
                1L,
                Phase.Running,
                List.of(new Condition(Condition.DATA_LOCAL, Status.False, 1L, T0.toString(), "DataElsewhere", message)),
                null,
                null,
                List.of());
    }

    private void run() {
        pods.add(pod("scheduler", true));
        pods.add(worker("w", true));
        assertThat(look().phase()).isEqualTo(Phase.Running);
    }

    private void spec(String yaml) {
        cluster.setSpec(Serialization.unmarshal(yaml, PlanetaryClusterSpec.class));
        cluster.getMetadata().setGeneration(cluster.getMetadata().getGeneration() + 1);
    }

    private ClusterModel model() {
        return new ClusterModel(cluster, AcceptedSpec.first(cluster.specOrDefault(), "client:1"), "p1", false);
    }

    private static Instant since(PlanetaryClusterStatus status, String type) {
        return Instant.parse(status.condition(type).orElseThrow().lastTransitionTime());
    }

    private ObservedPod pod(String name, boolean ready) {
        return new ObservedPod(
                made(name, Labels.scheduler("ndvi"), model().accepted().schedulerHash(), ready),
                false,
                Optional.empty(),
                false,
                false);
    }

    private ObservedPod worker(String name, boolean registered) {
        return new ObservedPod(
                made(name, Labels.worker("ndvi", "default"), model().accepted().workerHash("default"), true),
                false,
                registered
                        ? Optional.of(new WorkerState(
                                "uid-" + name, name, "default", "tls://x", "running", 0, 0, 0, 0, false))
                        : Optional.empty(),
                false,
                false);
    }

    private ObservedPod crashing(String name, String reason, String lastWords) {
        var pod = new PodBuilder(worker(name, false).pod())
                .editStatus()
                .addNewContainerStatus()
                .withName("dask")
                .withRestartCount(3)
                .withNewState()
                .withNewWaiting()
                .withReason(reason)
                .withMessage("back-off")
                .endWaiting()
                .endState()
                .withNewLastState()
                .withNewTerminated()
                .withExitCode(1)
                .withMessage(lastWords)
                .endTerminated()
                .endLastState()
                .endContainerStatus()
                .endStatus()
                .build();
        return new ObservedPod(pod, false, Optional.empty(), false, false);
    }

    private static ObservedPod outdated(ObservedPod worker) {
        return new ObservedPod(
                new PodBuilder(worker.pod())
                        .editMetadata()
                        .addToAnnotations(Labels.SPEC_HASH, "before")
                        .endMetadata()
                        .build(),
                false,
                worker.worker(),
                false,
                false);
    }

    private static Pod made(String name, Map<String, String> labels, String hash, boolean ready) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withUid("uid-" + name)
                .withCreationTimestamp(T0.toString())
                .withLabels(labels)
                .addToAnnotations(Labels.SPEC_HASH, hash)
                .endMetadata()
                .withNewStatus()
                .withPhase("Running")
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready ? "True" : "False")
                .endCondition()
                .endStatus()
                .build();
    }
}
