package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.it.ApiServer;
import dev.planetary.reconcile.CrashRun.End;
import dev.planetary.reconcile.Death.Moment;
import dev.planetary.reconcile.Death.Point;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The operator is killed after every one of its writes, and before the first: whatever it was about, the next operator
 * brings the cluster to where an undisturbed one would have.
 */
@Order(1) // the longest
class CrashAtEveryWriteIT {
    /** Each mostly waits for an operator to have nothing to do for more than a second. */
    private static final int AT_ONCE = 6;

    /**
     * A second operator may write more than the first would have: the write itself, the Secrets of a cluster whose status does not say
     * yet that it has them, and status and events of what it found half done.
     */
    private static final int MORE_WRITES = 8;

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    /** That somebody has died at, in one scenario or another. */
    private static final Set<String> EVENTS = new HashSet<>();

    /** One killing, and what came of it. */
    private record Case(Point at, Moment moment, End end) {}

    @ParameterizedTest
    @EnumSource
    void leadsToTheSameEnd(CrashScenario scenario) throws Exception {
        // Given
        var began = System.nanoTime();
        var undisturbed = CrashRun.undisturbed(API, scenario);
        if (scenario.deletes()) {
            assertThat(undisturbed.state()).as("orphans").isEmpty();
        }

        // When
        var cases = atOnce(Death.ends(undisturbed.writes(), EVENTS)
                .<Callable<Case>>map(end -> () -> new Case(
                        end.at(), end.moment(), CrashRun.killed(API, scenario, end.at(), end.moment(), undisturbed)))
                .toList());

        // Then
        var killed = cases.stream().filter(c -> c.end.killed()).count();
        System.out.printf(
                "%s: %d writes, killed %d of %d times, at most %d more writes, %d s: %s%n",
                scenario,
                undisturbed.writes().size(),
                killed,
                cases.size(),
                cases.stream()
                        .mapToInt(c ->
                                c.end.writes().size() - undisturbed.writes().size())
                        .max()
                        .orElse(0),
                (System.nanoTime() - began) / 1_000_000_000,
                undisturbed.writes());
        assertThat(cases.stream().flatMap(c -> wrong(scenario, c, undisturbed).stream()))
                .isEmpty();
        if (scenario.writesForCertain()) {
            // Events and writes of the status are not the same in every run: two changes may come as one.
            assertThat(killed).as("met the write it was to die at").isGreaterThanOrEqualTo(cases.size() * 3L / 4);
        }
    }

    private static List<String> wrong(CrashScenario scenario, Case one, End undisturbed) {
        var about = "killed at " + one.at + " " + one.moment + ": ";
        var wrong = new ArrayList<String>();
        without(one.end.state(), undisturbed.state()).forEach(o -> wrong.add(about + "there is " + o));
        without(undisturbed.state(), one.end.state()).forEach(o -> wrong.add(about + "there is not " + o));
        if (one.end.writes().size() > undisturbed.writes().size() * scenario.lives() + MORE_WRITES) {
            wrong.add(about + "more writes: " + without(one.end.writes(), undisturbed.writes()));
        }
        return wrong;
    }

    private static <T> List<T> without(Collection<T> these, Collection<T> those) {
        var left = new ArrayList<>(these);
        those.forEach(left::remove);
        return left;
    }

    private static List<Case> atOnce(List<Callable<Case>> runs) throws InterruptedException, ExecutionException {
        try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
            var cases = new ArrayList<Case>();
            for (Future<Case> future : threads.invokeAll(runs)) {
                cases.add(future.get());
            }
            return cases;
        }
    }
}
