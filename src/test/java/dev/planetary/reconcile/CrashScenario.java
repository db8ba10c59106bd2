package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** What users do to a cluster {@code c}, for the operator to be killed in the middle of. */
enum CrashScenario {
    CREATION(flow -> {}, apply("workers: {replicas: 2}")),
    SCALE_UP(apply("workers: {replicas: 1}"), change("workers: {replicas: 3}")),
    SCALE_DOWN(apply("workers: {replicas: 3}"), change("workers: {replicas: 1}")),
    OTHER_IMAGE(apply("workers: {replicas: 2}"), change("image: 'dask:other'")),
    OTHER_WORKERS(apply("workers: {replicas: 2}"), change("workers: {threads: 3}")),
    ANOTHER_GROUP(apply("workers: {replicas: 1}"), change("workerGroups: [{name: extra, replicas: 2}]")),
    A_GROUP_LESS(
            apply("workers: {replicas: 1}, workerGroups: [{name: extra, replicas: 1}]"), change("workerGroups: null")),
    TLS_OFF(apply("workers: {replicas: 1}"), change("tls: {mode: \"Off\"}")),
    TLS_BACK(apply("tls: {mode: \"Off\"}, workers: {replicas: 1}"), change("tls: null")),
    SUSPENSION(apply("workers: {replicas: 2}"), change("suspend: true")),
    RESUMPTION(apply("suspend: true, workers: {replicas: 2}"), change("suspend: false")),
    NO_EVICTION(apply("workers: {replicas: 1}"), change("scheduler: {disruption: UntilIdle}")),
    NO_EVICTION_UNTIL_SUSPENDED(
            apply("workers: {replicas: 1}, scheduler: {disruption: UntilIdle}"), change("suspend: true")),
    DELETION(apply("workers: {replicas: 2}"), CrashScenario::delete),
    DELETION_AMID_CREATION(flow -> {}, apply("workers: {replicas: 2}"), CrashScenario::delete),
    DELETION_AMID_SCALE_DOWN(apply("workers: {replicas: 3}"), change("workers: {replicas: 1}"), CrashScenario::delete),
    RECREATION(apply("workers: {replicas: 2}"), flow -> {
        delete(flow);
        flow.apply("c", "workers: {replicas: 1}");
    }),
    STOP(apply(soonIdle()), CrashScenario::leaveAlone, stands(Phase.Stopped)),
    START(
            flow -> {
                flow.apply("c", soonIdle());
                stands(Phase.Running).await(flow);
                leaveAlone(flow);
                stands(Phase.Stopped).await(flow);
            },
            CrashScenario::start,
            stands(Phase.Running)),
    AUTOSCALING(
            apply("workers: {replicas: 1}"),
            flow -> {
                flow.change("c", "workers: {autoscale: {min: 1, max: 3}}");
                flow.scheduler("c").wants(Map.of("default", 3));
            },
            flow -> flow.pods().workers("c").size() == 3);

    /** Seen by users before it can be over: an operator also rests while it waits for a time to come. */
    private interface Sight extends Predicate<Flow> {
        default void await(Flow flow) {
            Flow.until().until(() -> test(flow));
        }
    }

    /** What is there before, and is ready. */
    final Consumer<Flow> given;
    /** What the operator dies of. */
    final Consumer<Flow> when;
    /** What happens while none is there. */
    final Consumer<Flow> meanwhile;
    /** What is seen once it is over. */
    final Predicate<Flow> over;

    CrashScenario(Consumer<Flow> given, Consumer<Flow> when) {
        this(given, when, flow -> {});
    }

    CrashScenario(Consumer<Flow> given, Consumer<Flow> when, Consumer<Flow> meanwhile) {
        this(given, when, meanwhile, _ -> true);
    }

    CrashScenario(Consumer<Flow> given, Consumer<Flow> when, Sight over) {
        this(given, when, _ -> {}, over);
    }

    CrashScenario(Consumer<Flow> given, Consumer<Flow> when, Consumer<Flow> meanwhile, Predicate<Flow> over) {
        this.given = given;
        this.when = when;
        this.meanwhile = meanwhile;
        this.over = over;
    }

    /**
     * Pods that stand beside those they replace take whatever number is free; and which of several is the youngest is told by whole
     * seconds, that may end between the births of any two.
     */
    boolean keepsNumbers() {
        return !Set.of(SCALE_DOWN, OTHER_IMAGE, OTHER_WORKERS, TLS_OFF, TLS_BACK)
                .contains(this);
    }

    /**
     * How often a cluster may be made in it. What is left of a deleted one stands in the way of its successor until it is collected: an
     * operator that dies before may have tried all that the next one then does.
     */
    int lives() {
        return this == RECREATION ? 2 : 1;
    }

    /** A deletion takes no write: there are some only where a pod was collected before the operator had heard of it. */
    boolean writesForCertain() {
        return this != DELETION;
    }

    boolean deletes() {
        return name().startsWith("DELETION");
    }

    private static Consumer<Flow> apply(String spec) {
        return flow -> flow.apply("c", spec);
    }

    private static Consumer<Flow> change(String spec) {
        return flow -> flow.change("c", spec);
    }

    /** Users are warned 5 s before. */
    private static String soonIdle() {
        return "idleTimeout: 10s, workers: {replicas: 2}";
    }

    private static Sight stands(Phase phase) {
        return flow -> flow.status("c").filter(s -> s.phase() == phase).isPresent();
    }

    private static void leaveAlone(Flow flow) {
        flow.scheduler("c").idleSince(Instant.now().minus(Duration.ofHours(1)));
    }

    private static void start(Flow flow) {
        var after = flow.status("c").orElseThrow().stop().orElseThrow().at().plusSeconds(1);
        flow.cluster("c")
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "metadata: {annotations: {%s: '%s'}}".formatted(PlanetaryCluster.START, after));
    }

    private static void delete(Flow flow) {
        flow.cluster("c").delete();
    }
}
