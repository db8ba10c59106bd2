package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobStatus;
import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.desired.Labels;
import dev.planetary.it.ApiServer;
import dev.planetary.reconcile.Death.Moment;
import dev.planetary.reconcile.Death.Point;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.awaitility.core.ConditionTimeoutException;

/** One run of a scenario in a namespace of its own, with pods that act by themselves and a garbage collector. */
final class JobCrashRun implements AutoCloseable {
    /**
     * How a run ended.
     *
     * @param killed  whether it came to the write it was to be killed at
     * @param status  what the job says in the end
     * @param made    names of the runners that were ever made, one for each making
     * @param exits   exit codes of the programs that ended
     * @param objects what there is beside cluster {@code c}'s: kinds, and how many
     * @param writes  what reached a server, from the user's deed on
     */
    record End(
            boolean killed,
            PlanetaryJobStatus status,
            List<String> made,
            List<Integer> exits,
            List<String> objects,
            List<Point> writes) {}

    /** An operator that has done nothing for so long does nothing more; others are measured by what it came to. */
    private static final Duration LONG = Duration.ofSeconds(3);

    private final JobCrashScenario scenario;
    private final Flow flow;
    private final PodsByThemselves pods;
    private final RunnersByThemselves runners;

    private JobCrashRun(ApiServer api, JobCrashScenario scenario) {
        this.scenario = scenario;
        flow = new Flow(api).open();
        pods = new PodsByThemselves(flow);
        runners = new RunnersByThemselves(flow, scenario.program);
        flow.apply("c", "workers: {replicas: 1}");
        until().until(() -> flow.ready("c"));
        scenario.given.accept(flow);
        until().until(() -> flow.wire().quietFor(Duration.ofMillis(1200)));
        flow.wire().forget();
    }

    static End undisturbed(ApiServer api, JobCrashScenario scenario) {
        try (var run = new JobCrashRun(api, scenario)) {
            var book = run.act(Death.never());
            scenario.meanwhile.accept(run.flow);
            run.await(_ -> run.flow.wire().quietFor(LONG));
            return run.end(false, book.done());
        }
    }

    static End killed(ApiServer api, JobCrashScenario scenario, Point at, Moment moment, End undisturbed) {
        try (var run = new JobCrashRun(api, scenario)) {
            var death = run.act(new Death(Optional.of(at), moment, run.flow.client()));
            run.flow.stop();
            scenario.meanwhile.accept(run.flow);
            run.flow.restart();
            var second = Death.never();
            run.flow.wire().breaks(second);
            run.await(undisturbed.objects::equals);
            return run.end(
                    death.struck(),
                    Stream.concat(death.done().stream(), second.done().stream()).toList());
        }
    }

    @Override
    public void close() {
        runners.close();
        pods.close();
        flow.close();
    }

    /** The user's deed, until the operator is dead or has done all that follows from it. */
    private Death act(Death death) {
        flow.wire().breaks(death);
        scenario.when.accept(flow);
        until().until(() -> death.struck() || rests(scenario.reached));
        return death;
    }

    /** If it never comes to it, the end tells what it came to. */
    private void await(Predicate<List<String>> asItShould) {
        try {
            until().until(() -> rests(scenario.end) && asItShould.test(others()));
        } catch (ConditionTimeoutException _) {
            // Told by the test, for all runs at once.
        }
    }

    /**
     * Not while there was something to collect: its owner may just have gone, and an operator may not have heard of it. Looks at all
     * there is only while the operator does nothing, for many do so at once.
     */
    private boolean rests(Optional<Phase> phase) {
        if (!flow.wire().quietFor(Duration.ofMillis(200)) || collectGarbage()) {
            return false;
        }
        var job = flow.job("j").get();
        var there = phase.isEmpty()
                ? job == null
                : job != null && job.statusOrNothing().phase() == phase.get();
        return there && flow.wire().quietFor(Duration.ofMillis(1200));
    }

    private End end(boolean killed, List<Point> writes) {
        return new End(killed, flow.jobStatus("j"), runners.made(), runners.exits(), others(), writes);
    }

    private List<String> others() {
        var c = flow.cluster("c").get().getMetadata().getUid();
        return all().stream()
                .filter(o -> !(o instanceof PlanetaryJob)
                        && !o.getMetadata().getName().equals("c"))
                .filter(o -> Labels.controller(o)
                        .filter(owner -> owner.getUid().equals(c))
                        .isEmpty())
                .filter(o -> !Labels.RUNNER.equals(label(o)))
                .map(HasMetadata::getKind)
                .sorted()
                .toList();
    }

    private static String label(HasMetadata object) {
        return object.getMetadata().getLabels() == null
                ? null
                : object.getMetadata().getLabels().get(Labels.COMPONENT);
    }

    /**
     * Plays the garbage collector, which the bare API server lacks: what is owned by an object that is not there goes.
     *
     * @return whether there was any
     */
    private boolean collectGarbage() {
        var all = all();
        var there = all.stream()
                .filter(o -> o instanceof PlanetaryJob || o instanceof PlanetaryCluster)
                .map(o -> o.getMetadata().getUid())
                .collect(Collectors.toSet());
        var orphans = all.stream()
                .filter(o -> Labels.controller(o)
                        .filter(owner -> !there.contains(owner.getUid()))
                        .isPresent())
                .toList();
        orphans.forEach(o -> flow.client().resource(o).withGracePeriod(0).delete());
        return !orphans.isEmpty();
    }

    private List<HasMetadata> all() {
        var all = new ArrayList<>(flow.objects());
        all.addAll(flow.client()
                .resources(PlanetaryCluster.class)
                .inNamespace(flow.namespace())
                .list()
                .getItems());
        all.addAll(flow.client()
                .resources(PlanetaryJob.class)
                .inNamespace(flow.namespace())
                .list()
                .getItems());
        return all;
    }

    /** Many run at once, and a look at all there is costs more than what is waited for. */
    private static ConditionFactory until() {
        return Flow.until().pollInterval(Duration.ofMillis(200));
    }
}
