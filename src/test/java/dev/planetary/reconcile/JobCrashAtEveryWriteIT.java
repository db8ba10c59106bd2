package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryJobStatus.Phase;
import dev.planetary.it.ApiServer;
import dev.planetary.reconcile.Death.Moment;
import dev.planetary.reconcile.Death.Point;
import dev.planetary.reconcile.JobCrashRun.End;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The operator is killed after every one of its writes in a job's life, and before the first: the job ends in the same
 * phase, with the same charged failures, nothing is left over, and no program has run twice for one attempt.
 */
@Order(1) // the longest
class JobCrashAtEveryWriteIT {
    /** Each mostly waits for an operator to have nothing to do for more than a second. */
    private static final int AT_ONCE = 6;

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    /** That somebody has died at, in one scenario or another. */
    private static final Set<String> EVENTS = new HashSet<>();

    /** One killing, and what came of it. */
    private record Case(Point at, Moment moment, End end) {}

    @ParameterizedTest
    @EnumSource
    void leadsToTheSameEnd(JobCrashScenario scenario) throws Exception {
        // Given
        var undisturbed = JobCrashRun.undisturbed(API, scenario);
        assertThat(undisturbed.writes()).isNotEmpty();

        // When
        var cases = atOnce(Death.ends(undisturbed.writes(), EVENTS)
                .<Callable<Case>>map(end -> () -> new Case(
                        end.at(), end.moment(), JobCrashRun.killed(API, scenario, end.at(), end.moment(), undisturbed)))
                .toList());

        // Then
        var killed = cases.stream().filter(c -> c.end.killed()).count();
        System.out.printf(
                "%s: %d writes, killed %d of %d times: %s%n",
                scenario, undisturbed.writes().size(), killed, cases.size(), undisturbed.writes());
        assertThat(cases.stream().flatMap(c -> wrong(scenario, c, undisturbed).stream()))
                .isEmpty();
        // Events and writes of the status are not the same in every run: two changes may come as one.
        assertThat(killed).as("met the write it was to die at").isGreaterThanOrEqualTo(cases.size() * 2L / 3);
    }

    private static List<String> wrong(JobCrashScenario scenario, Case one, End undisturbed) {
        var about = "killed at " + one.at + " " + one.moment + ": ";
        var wrong = new ArrayList<String>();
        var end = one.end;
        if (end.status().phase() != scenario.end.orElse(null)) {
            wrong.add(about + "it came to " + end.status());
        }
        if (!end.exits().equals(undisturbed.exits())) {
            wrong.add(about + "programs ended with " + end.exits() + " instead of " + undisturbed.exits());
        }
        if (new HashSet<>(end.made()).size() < end.made().size()) {
            wrong.add(about + "made twice: " + end.made());
        }
        if (!end.objects().equals(undisturbed.objects())) {
            wrong.add(about + "there is " + end.objects() + " instead of " + undisturbed.objects());
        }
        if (scenario.end.filter(Phase::isFinal).isPresent()) {
            var runs = end.status().failed() + (end.status().phase() == Phase.Succeeded ? 1 : 0);
            if (end.exits().size() != runs || end.made().size() > end.status().begun()) {
                wrong.add(about + "%d runs, runners %s, of %s".formatted(runs, end.made(), end.status()));
            }
        }
        return wrong;
    }

    private static List<Case> atOnce(List<Callable<Case>> runs) throws Exception {
        try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
            var cases = new ArrayList<Case>();
            for (Future<Case> future : threads.invokeAll(runs)) {
                cases.add(future.get());
            }
            return cases;
        }
    }
}
