package dev.planetary.reconcile;

import java.util.Set;
import java.util.function.Consumer;

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
    DELETION(apply("workers: {replicas: 2}"), CrashScenario::delete),
    DELETION_AMID_CREATION(flow -> {}, apply("workers: {replicas: 2}"), CrashScenario::delete),
    DELETION_AMID_SCALE_DOWN(apply("workers: {replicas: 3}"), change("workers: {replicas: 1}"), CrashScenario::delete),
    RECREATION(apply("workers: {replicas: 2}"), flow -> {
        delete(flow);
        flow.apply("c", "workers: {replicas: 1}");
    });

    /** What is there before, and is ready. */
    final Consumer<Flow> given;
    /** What the operator dies of. */
    final Consumer<Flow> when;
    /** What happens while none is there. */
    final Consumer<Flow> meanwhile;

    CrashScenario(Consumer<Flow> given, Consumer<Flow> when) {
        this(given, when, flow -> {});
    }

    CrashScenario(Consumer<Flow> given, Consumer<Flow> when, Consumer<Flow> meanwhile) {
        this.given = given;
        this.when = when;
        this.meanwhile = meanwhile;
    }

    /** Pods that stand beside those they replace take whatever number is free. */
    boolean keepsNumbers() {
        return !Set.of(OTHER_IMAGE, OTHER_WORKERS, TLS_OFF, TLS_BACK).contains(this);
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

    private static void delete(Flow flow) {
        flow.cluster("c").delete();
    }
}
