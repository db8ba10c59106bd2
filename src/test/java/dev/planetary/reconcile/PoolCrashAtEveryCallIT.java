package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.planetary.azure.FakeAks;
import dev.planetary.azure.FleetPace;
import dev.planetary.it.ApiServer;
import dev.planetary.reconcile.Death.Moment;
import dev.planetary.reconcile.Death.Point;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The role is killed at every call to Azure and every write to Kubernetes, before and after it is done: the same end comes, no pool is
 * made twice, none is left over, and Azure is never asked for two things at once.
 */
class PoolCrashAtEveryCallIT {
    private static final int AT_ONCE = 6;
    private static final String SPOT = "vmSize: Standard_D8s_v5, priority: Spot, maxNodes: 20";
    /** Looks are alike: those after the third teach nothing new. */
    private static final int LOOKS = 3;
    /** Nothing is heard of Azure at rest, so that rest can be told from work. */
    private static final FleetPace PACE =
            new FleetPace(Duration.ofMillis(50), Duration.ofHours(1), Duration.ofMillis(100), Duration.ofMillis(100));

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    /** That somebody has died at, in one scenario or another. */
    private static final Set<String> EVENTS = new HashSet<>();

    /** What becomes of node pool {@code a}. */
    enum Scenario {
        CREATION(flow -> {}, (flow, _) -> flow.apply("a", SPOT), "Ready: AsAsked"),
        CHANGE(PoolCrashAtEveryCallIT::ready, (flow, _) -> flow.change("a", "maxNodes: 5"), "Ready: AsAsked"),
        REPLACEMENT(
                PoolCrashAtEveryCallIT::ready,
                (flow, _) -> flow.change("a", "vmSize: Standard_D16s_v5"),
                "Ready: AsAsked"),
        DELETION(PoolCrashAtEveryCallIT::ready, (flow, _) -> flow.pool("a").delete(), "gone"),
        DELETION_AMID_CREATION(
                flow -> {},
                (flow, struck) -> {
                    flow.apply("a", SPOT);
                    until().until(() ->
                            struck.getAsBoolean() || !flow.arm().aks().made().isEmpty());
                    flow.pool("a").delete();
                },
                "gone");

        private final Consumer<PoolFlow> given;
        private final BiConsumer<PoolFlow, BooleanSupplier> when;
        private final String end;

        Scenario(Consumer<PoolFlow> given, BiConsumer<PoolFlow, BooleanSupplier> when, String end) {
            this.given = given;
            this.when = when;
            this.end = end;
        }
    }

    /**
     * How a run ended.
     *
     * @param pools  what is in Azure, without names that are a run's own
     * @param made   names of pools that were ever made, one for each making
     * @param calls  what reached a server, from the user's deed on
     */
    private record End(
            boolean killed, String told, List<String> pools, List<String> made, int collisions, List<Point> calls) {}

    private record Case(Point at, Moment moment, End end) {}

    @ParameterizedTest
    @EnumSource
    void leadsToTheSameEnd(Scenario scenario) throws Exception {
        // Given
        var undisturbed = run(scenario, Optional.empty(), Moment.BEFORE_IT_IS_DONE);
        assertThat(undisturbed.told).isEqualTo(scenario.end);

        // When
        var cases = atOnce(Death.ends(undisturbed.calls, EVENTS)
                .filter(end -> !end.at().label().matches(".*azure-(list|cluster).*")
                        || end.at().occurrence() <= LOOKS)
                .<Callable<Case>>map(end ->
                        () -> new Case(end.at(), end.moment(), run(scenario, Optional.of(end.at()), end.moment())))
                .toList());

        // Then
        var killed = cases.stream().filter(c -> c.end.killed).count();
        System.out.printf(
                "%s: %d calls, killed %d of %d times: %s%n",
                scenario, undisturbed.calls.size(), killed, cases.size(), undisturbed.calls);
        assertThat(cases.stream().flatMap(c -> wrong(c, undisturbed).stream())).isEmpty();
        // Looks and events are not the same in every run.
        assertThat(killed).as("met the call it was to die at").isGreaterThanOrEqualTo(cases.size() * 2L / 3);
    }

    private static List<String> wrong(Case one, End undisturbed) {
        var about = "killed at " + one.at + " " + one.moment + ": ";
        var wrong = new ArrayList<String>();
        if (!one.end.told.equals(undisturbed.told)) {
            wrong.add(about + "it came to " + one.end.told);
        }
        if (!one.end.pools.equals(undisturbed.pools)) {
            wrong.add(about + "in Azure there is " + one.end.pools + " instead of " + undisturbed.pools);
        }
        if (new HashSet<>(one.end.made).size() < one.end.made.size()) {
            wrong.add(about + "made twice: " + one.end.made);
        }
        if (one.end.collisions > 0) {
            wrong.add(about + "asked Azure for two things at once");
        }
        return wrong;
    }

    private static End run(Scenario scenario, Optional<Point> at, Moment moment) {
        try (var flow = new PoolFlow(API, PACE, Duration.ofMillis(5)).open()) {
            scenario.given.accept(flow);
            until().until(() -> flow.wire().quietFor(Duration.ofMillis(800)));
            flow.wire().forget();
            var death = new Death(at, moment, flow.client());
            flow.wire().breaks(death);
            scenario.when.accept(flow, death::struck);
            var calls = Stream.<Point>of();
            if (at.isPresent()) {
                until().until(() -> death.struck() || rests(scenario, flow));
                flow.restart();
                var second = Death.never();
                flow.wire().breaks(second);
                await(scenario, flow);
                calls = second.done().stream();
            } else {
                await(scenario, flow);
            }
            return new End(
                    death.struck(),
                    flow.told("a"),
                    flow.arm().aks().names().stream()
                            .map(name -> words(FakeAks.properties(
                                    flow.arm().aks().pool(name).orElseThrow())))
                            .toList(),
                    flow.arm().aks().made(),
                    flow.arm().aks().collisions(),
                    Stream.concat(death.done().stream(), calls).toList());
        }
    }

    private static String words(ObjectNode pool) {
        return "%s of %s, up to %s"
                .formatted(pool.path("provisioningState"), pool.path("vmSize"), pool.path("maxCount"));
    }

    /** If it never comes to it, the end tells what it came to. */
    private static void await(Scenario scenario, PoolFlow flow) {
        try {
            until().until(() -> rests(scenario, flow));
        } catch (ConditionTimeoutException _) {
            // Told by the test, for all runs at once.
        }
    }

    private static boolean rests(Scenario scenario, PoolFlow flow) {
        return flow.told("a").equals(scenario.end) && flow.wire().quietFor(Duration.ofMillis(800));
    }

    private static void ready(PoolFlow flow) {
        flow.apply("a", SPOT);
        until().until(() -> flow.told("a").equals("Ready: AsAsked"));
    }

    private static ConditionFactory until() {
        return Flow.until().pollInterval(Duration.ofMillis(100)).atMost(Duration.ofMinutes(1));
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
