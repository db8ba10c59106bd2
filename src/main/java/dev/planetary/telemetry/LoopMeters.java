package dev.planetary.telemetry;

import dev.planetary.telemetry.ControlLoop.Moment;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.api.reconciler.RetryInfo;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What the SDK tells of its passes: as metrics, to {@link ControlLoop}, and as keys of the log.
 *
 * <p>Not the SDK's own MicrometerMetricsV2: its gauges drift when an object is gone before its pass begins (the pass ends without having
 * begun), and it cannot say for how long a pass has been running.
 */
public final class LoopMeters implements Metrics {
    private final MeterRegistry registry;
    private final ControlLoop loop;
    private final Timer passes;
    private final Words reasons = new Words();

    public LoopMeters(MeterRegistry registry, ControlLoop loop) {
        this.registry = registry;
        this.loop = loop;
        passes = Timer.builder("planetary.reconcile.duration")
                .description("Passes of the reconciler, those that fail included")
                .serviceLevelObjectives(
                        Meters.seconds(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300))
                .register(registry);
        gauge("planetary.reconcile.queue", "Passes that wait for a thread", Moment::queued);
        gauge("planetary.reconcile.active", "Passes that run", Moment::running);
        seconds(
                "planetary.reconcile.queue.oldest",
                "For how long the first of the waiting passes has waited",
                m -> m.waits().toMillis() / 1e3);
        seconds(
                "planetary.reconcile.active.longest",
                "For how long the longest of the running passes has run",
                m -> m.runs().toMillis() / 1e3);
        seconds(
                "planetary.watch.age",
                "How long ago the least recent watch was opened, or tried to be",
                m -> m.watch().toMillis() / 1e3);
    }

    @Override
    public void reconciliationSubmitted(HasMetadata resource, RetryInfo retry, Map<String, Object> metadata) {
        loop.submitted(pass(resource));
    }

    @Override
    public void reconciliationStarted(HasMetadata resource, Map<String, Object> metadata) {
        loop.started(pass(resource));
        LogKeys.put(resource);
    }

    @Override
    public void reconciliationFailed(
            HasMetadata resource, RetryInfo retry, Exception exception, Map<String, Object> metadata) {
        Counter.builder("planetary.reconcile.errors")
                .description("Passes that failed and are tried again, by error")
                .tag("reason", reasons.of(reason(exception)))
                .register(registry)
                .increment();
    }

    @Override
    public void reconciliationFinished(HasMetadata resource, RetryInfo retry, Map<String, Object> metadata) {
        loop.finished(pass(resource));
        LogKeys.remove();
    }

    @Override
    public <T> T timeControllerExecution(ControllerExecution<T> execution) throws Exception {
        var sample = Timer.start(registry);
        try {
            return execution.execute();
        } finally {
            sample.stop(passes);
        }
    }

    /** A cluster and a job may bear one name. */
    private static Object pass(HasMetadata resource) {
        return List.of(resource.getKind(), ResourceID.fromResource(resource));
    }

    /** What the API server said is told by its code: its text names objects. */
    private static String reason(Throwable e) {
        return switch (e) {
            case KubernetesClientException k when k.getCode() > 0 -> "ApiServer" + k.getCode();
            case KubernetesClientException _ -> "ApiServerUnreachable";
            case Throwable t when t.getCause() instanceof KubernetesClientException cause -> reason(cause);
            default -> e.getClass().getSimpleName();
        };
    }

    private void gauge(String name, String description, ToDoubleFunction<Moment> value) {
        Gauge.builder(name, loop, l -> value.applyAsDouble(l.now()))
                .description(description)
                .strongReference(true)
                .register(registry);
    }

    private void seconds(String name, String description, ToDoubleFunction<Moment> value) {
        Gauge.builder(name, loop, l -> value.applyAsDouble(l.now()))
                .description(description)
                .baseUnit("seconds")
                .strongReference(true)
                .register(registry);
    }
}
