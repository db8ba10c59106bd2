package dev.planetary.reconcile;

import dev.planetary.it.ApiServer;
import dev.planetary.reconcile.Death.Moment;
import dev.planetary.reconcile.Death.Point;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.awaitility.core.ConditionTimeoutException;

/** One run of a scenario in a namespace of its own, with pods that act by themselves. */
final class CrashRun implements AutoCloseable {
    /**
     * How a run ended.
     *
     * @param killed whether it came to the write it was to be killed at
     * @param writes what reached a server, from the user's deed on
     * @param kinds  what kinds of objects were made, ever
     */
    record End(boolean killed, List<String> state, List<Point> writes, Set<String> kinds) {}

    private final CrashScenario scenario;
    private final Flow flow;
    private final PodsByThemselves pods;
    private final Set<String> kinds = new TreeSet<>();

    private CrashRun(ApiServer api, CrashScenario scenario) {
        this.scenario = scenario;
        flow = new Flow(api).open();
        pods = new PodsByThemselves(flow);
        scenario.given.accept(flow);
        until().until(this::rests);
        noteKinds();
        flow.wire().forget();
    }

    static End undisturbed(ApiServer api, CrashScenario scenario) {
        try (var run = new CrashRun(api, scenario)) {
            var book = run.act(Death.never());
            scenario.meanwhile.accept(run.flow);
            run.flow.settle();
            run.noteKinds();
            return new End(false, run.state(), book.done(), run.kinds);
        }
    }

    static End killed(ApiServer api, CrashScenario scenario, Point at, Moment moment, End undisturbed) {
        try (var run = new CrashRun(api, scenario)) {
            run.kinds.addAll(undisturbed.kinds);
            var death = run.act(new Death(Optional.of(at), moment, run.flow.client()));
            run.noteKinds();
            run.flow.stop();
            scenario.meanwhile.accept(run.flow);

            run.flow.restart();
            var second = Death.never();
            run.flow.wire().breaks(second);
            run.await(undisturbed.state);
            run.flow.settle();
            run.noteKinds();
            return new End(
                    death.struck(),
                    run.state(),
                    Stream.concat(death.done().stream(), second.done().stream()).toList(),
                    run.kinds);
        }
    }

    @Override
    public void close() {
        pods.close();
        flow.close();
    }

    /** The user's deed, until the operator is dead or has done all that follows from it. */
    private Death act(Death death) {
        flow.wire().breaks(death);
        scenario.when.accept(flow);
        new EndState(flow, kinds).collectGarbage();
        until().until(() -> death.struck() || scenario.over.test(flow) && rests());
        return death;
    }

    /** If it never comes to it, the state that it is in tells the difference. */
    private void await(List<String> state) {
        try {
            until().until(() -> flow.wire().quietFor(Duration.ofMillis(200)) && state().equals(state));
        } catch (ConditionTimeoutException _) {
            // Told by the test, for all runs at once.
        }
    }

    private List<String> state() {
        var end = new EndState(flow, kinds);
        end.collectGarbage();
        return end.words(scenario.keepsNumbers());
    }

    /** Done, and nothing more to do. */
    private boolean rests() {
        return flow.wire().quietFor(Duration.ofMillis(1200))
                && (flow.cluster("c").get() == null || flow.ready("c"));
    }

    /** Many run at once, and a look at all there is costs more than what is waited for. */
    private static ConditionFactory until() {
        return Flow.until().pollInterval(Duration.ofMillis(200));
    }

    /** By the paths that the operator posts to. */
    private void noteKinds() {
        kinds.addAll(flow.wire().writes().stream()
                .filter(s -> s.method().equals("POST") && !s.path().endsWith("/events"))
                .map(s -> s.path().replace(flow.namespace(), EndState.NAMESPACE))
                .collect(Collectors.toSet()));
    }
}
