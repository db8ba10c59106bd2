package dev.planetary.reconcile;

import static dev.planetary.reconcile.JobLifeIT.ON_C;

import dev.planetary.api.PlanetaryJobStatus.Phase;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/** What becomes of a job {@code j}, for the operator to be killed in the middle of; cluster {@code c} is up. */
enum JobCrashScenario {
    SUCCESS(flow -> {}, apply(ON_C), _ -> Optional.of(0), Optional.of(Phase.Succeeded)),
    FAILURE(flow -> {}, apply(ON_C), _ -> Optional.of(1), Optional.of(Phase.Failed)),
    RETRY(flow -> {}, apply(ON_C + ", retries: 1"), n -> Optional.of(n == 1 ? 1 : 0), Optional.of(Phase.Succeeded)),
    OWN_CLUSTER(flow -> {}, apply(own("Delete")), _ -> Optional.of(0), Optional.of(Phase.Succeeded)),
    KEPT_CLUSTER(flow -> {}, apply(own("Keep")), _ -> Optional.of(0), Optional.of(Phase.Succeeded)),
    SUSPENSION(
            flow -> {
                flow.applyJob("j", ON_C);
                flow.awaitJob("j", "Running: Running");
            },
            suspend(true),
            _ -> Optional.empty(),
            Optional.of(Phase.Suspended)),
    RESUMPTION(
            flow -> {
                flow.applyJob("j", ON_C + ", suspend: true");
                flow.awaitJob("j", "Suspended: Suspended");
            },
            suspend(false),
            _ -> Optional.of(0),
            Optional.of(Phase.Succeeded)),
    DELETION_AMID_ITS_LIFE(
            flow -> {},
            apply(own("Delete")),
            _ -> Optional.empty(),
            Optional.of(Phase.Running),
            flow -> flow.job("j").delete(),
            Optional.empty()),
    RECREATION_AMID_ITS_LIFE(
            flow -> {},
            apply(ON_C),
            n -> n == 1 ? Optional.empty() : Optional.of(0),
            Optional.of(Phase.Running),
            flow -> {
                flow.job("j").delete();
                flow.applyJob("j", ON_C + ", parameters: {again: 'yes'}, suspend: true");
            },
            Optional.of(Phase.Suspended));

    /** What is there before. */
    final Consumer<Flow> given;
    /** What the operator dies of. */
    final Consumer<Flow> when;
    /** Exit code of the n-th run, from 1; empty: it runs on. */
    final IntFunction<Optional<Integer>> program;
    /** The phase that it comes to. */
    final Optional<Phase> reached;
    /** What users do then, while no operator is there. */
    final Consumer<Flow> meanwhile;
    /** The phase in the end; empty: there is no job any more. */
    final Optional<Phase> end;

    JobCrashScenario(
            Consumer<Flow> given, Consumer<Flow> when, IntFunction<Optional<Integer>> program, Optional<Phase> end) {
        this(given, when, program, end, _ -> {}, end);
    }

    JobCrashScenario(
            Consumer<Flow> given,
            Consumer<Flow> when,
            IntFunction<Optional<Integer>> program,
            Optional<Phase> reached,
            Consumer<Flow> meanwhile,
            Optional<Phase> end) {
        this.reached = reached;
        this.meanwhile = meanwhile;
        this.given = given;
        this.when = when;
        this.program = program;
        this.end = end;
    }

    private static String own(String after) {
        return "cluster: {workers: {replicas: 1}}, script: x, clusterAfter: " + after;
    }

    private static Consumer<Flow> apply(String spec) {
        return flow -> flow.applyJob("j", spec);
    }

    private static Consumer<Flow> suspend(boolean now) {
        return flow -> flow.changeJob("j", "suspend: " + now);
    }
}
