package dev.planetary.telemetry;

import dev.planetary.api.PlanetaryJob;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.concurrent.Callable;
import org.slf4j.MDC;

/**
 * The keys {@value #CLUSTER} or {@value #JOB}, and {@value #NAMESPACE}, of every line of the log that a pass over a cluster or a job writes,
 * and, for clusters, the threads that are {@link #carried} away from it.
 */
public final class LogKeys {
    public static final String CLUSTER = "cluster";
    public static final String JOB = "job";
    public static final String NAMESPACE = "namespace";

    private LogKeys() {}

    static void put(HasMetadata about) {
        MDC.put(
                about instanceof PlanetaryJob ? JOB : CLUSTER,
                about.getMetadata().getName());
        MDC.put(NAMESPACE, about.getMetadata().getNamespace());
    }

    static void remove() {
        MDC.remove(CLUSTER);
        MDC.remove(JOB);
        MDC.remove(NAMESPACE);
    }

    /** The task with the keys of the thread that calls this, for a thread of its own. */
    public static <T> Callable<T> carried(Callable<T> task) {
        var cluster = MDC.get(CLUSTER);
        var namespace = MDC.get(NAMESPACE);
        return cluster == null
                ? task
                : () -> {
                    put(cluster, namespace);
                    return task.call();
                };
    }

    /** As {@link #carried(Callable)}. */
    public static Runnable carried(Runnable task) {
        var cluster = MDC.get(CLUSTER);
        var namespace = MDC.get(NAMESPACE);
        return cluster == null
                ? task
                : () -> {
                    put(cluster, namespace);
                    task.run();
                };
    }

    private static void put(String cluster, String namespace) {
        MDC.put(CLUSTER, cluster);
        MDC.put(NAMESPACE, namespace);
    }
}
