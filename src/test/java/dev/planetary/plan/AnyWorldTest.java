package dev.planetary.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds of every plan, whatever happened before; each seed is another history, and the same one every time. */
class AnyWorldTest {
    private static final int HISTORIES = 50;
    private static final int EVENTS = 80;
    private static final int LONGEST_CALM = 100;

    @ParameterizedTest
    @MethodSource("seeds")
    void every_plan_keeps_its_promises_and_calm_brings_what_is_wanted(long seed) {
        var world = new World(seed);
        for (int i = 0; i < EVENTS; i++) {
            world.something();
            step(world, seed, i);
        }
        var calm = 0;
        ClusterPlan plan;
        do {
            world.calm();
            plan = step(world, seed, EVENTS + calm);
            assertThat(calm++).as("seed %d: still not calm: %s", seed, plan).isLessThan(LONGEST_CALM);
        } while (!done(world, plan));
        assertThat(world.hashesOfWorkers())
                .as("seed %d", seed)
                .hasSize(world.wanted())
                .allMatch(world.model().accepted().workerHash("default")::equals);
    }

    private static ClusterPlan step(World world, long seed, int event) {
        var model = world.model();
        var seen = world.observe();
        var plan = plan(seen, model);
        var workers = seen.workers("default");
        var at = "seed %d event %d".formatted(seed, event);

        assertThat(told(plan(seen, model))).as("%s: same input, same plan", at).isEqualTo(told(plan));
        assertThat(told(plan(shuffled(seen, seed), model)))
                .as("%s: whatever the order", at)
                .isEqualTo(told(plan));
        assertThat(plan.create().stream().map(p -> p.getMetadata().getName()))
                .as("%s: new names", at)
                .doesNotHaveDuplicates()
                .noneMatch(seen.podNames()::contains);

        var staying = workers.stream()
                .filter(p -> p.live() && !p.retiring() && p.leaves().isEmpty())
                .count();
        var created = plan.create().stream()
                .filter(p -> Labels.WORKER.equals(p.getMetadata().getLabels().get(Labels.COMPONENT)))
                .count();
        if (created > 0) {
            assertThat(staying + plan.keep().size() + created)
                    .as("%s: at most one more than wanted", at)
                    .isLessThanOrEqualTo(world.wanted() + 1);
        }
        if (Life.of(seen).halted()) {
            assertThat(plan.create()).as("%s: at rest nothing is made", at).isEmpty();
        } else {
            nothingIsLost(seen, plan, world.wanted(), at);
        }
        world.carryOut(plan);
        return plan;
    }

    private static ClusterPlan plan(ClusterObservation seen, ClusterModel model) {
        return ClusterPlan.of(seen, model, Wanted.of(seen, model.accepted()));
    }

    private static void nothingIsLost(ClusterObservation seen, ClusterPlan plan, int wanted, String at) {
        if (seen.state().isEmpty()) {
            assertThat(plan.retire())
                    .as("%s: a silent scheduler is asked nothing", at)
                    .isEmpty();
        }
        assertThat(plan.delete())
                .as("%s: only what holds nothing is deleted", at)
                .noneMatch(d -> !d.pod().isScheduler()
                        && d.pod().live()
                        && d.pod().started()
                        && (seen.state().isEmpty() || d.pod().worker().isPresent()));
        // A node that ends waits for nobody.
        var usable = seen.workers("default").stream()
                .filter(p -> p.usable() && p.leaves().isEmpty())
                .count();
        var byChoice = plan.retire().stream()
                .filter(d -> d.reason() != Departure.Reason.NodeEnding)
                .toList();
        if (!byChoice.isEmpty()) {
            assertThat(usable
                            - byChoice.stream().filter(d -> d.pod().usable()).count()
                            + plan.keep().size())
                    .as("%s: enough workers hold on", at)
                    .isGreaterThanOrEqualTo(wanted);
        }
        assertThat(plan.retire()).as("%s: none is asked twice", at).noneMatch(d -> d.pod()
                .retiring());
        assertThat(plan.keep()).as("%s: none is both wanted and not", at).noneMatch(p -> plan.retire().stream()
                .anyMatch(d -> d.pod().equals(p)));
    }

    private static boolean done(World world, ClusterPlan plan) {
        return plan.create().isEmpty()
                && plan.delete().isEmpty()
                && plan.retire().isEmpty()
                && plan.keep().isEmpty()
                && world.observe().pods().size() == world.wanted() + 1
                && world.registered() == world.wanted();
    }

    /** All that matters of a plan; the order of what is done at once does not. */
    private static List<Set<String>> told(ClusterPlan plan) {
        return Stream.of(
                        plan.create().stream().map(p -> p.getMetadata().getName()),
                        plan.delete().stream().map(AnyWorldTest::told),
                        plan.retire().stream().map(AnyWorldTest::told),
                        plan.keep().stream().map(ObservedPod::name),
                        Stream.of("waiting " + plan.waiting() + " " + plan.ending() + plan.recheck()))
                .map(s -> s.collect(Collectors.toSet()))
                .toList();
    }

    private static String told(Departure departure) {
        return departure.reason() + " " + departure.message();
    }

    private static ClusterObservation shuffled(ClusterObservation seen, long seed) {
        var pods = new ArrayList<>(seen.pods());
        Collections.shuffle(pods, new Random(seed));
        return new ClusterObservation(
                seen.cluster(),
                seen.accepted(),
                pods,
                seen.services(),
                seen.policies(),
                seen.budgets(),
                seen.configMaps(),
                seen.state(),
                seen.silentSince(),
                seen.calm(),
                seen.now());
    }

    static Stream<Long> seeds() {
        return Stream.iterate(1L, s -> s + 1).limit(HISTORIES);
    }
}
