package dev.planetary.telemetry;

import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.RegisteredController;
import io.javaoperatorsdk.operator.health.InformerHealthIndicator;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/**
 * Liveness: the loop moves. It looks at what is known and asks nobody. (That informers have synced and watch is the SDK extension's
 * readiness check.)
 */
@Liveness
@ApplicationScoped
class ControlLoopCheck implements HealthCheck {
    private final ControlLoop loop;
    private final Operator operator;

    ControlLoopCheck(ControlLoop loop, Operator operator) {
        this.loop = loop;
        this.operator = operator;
    }

    @Override
    public HealthCheckResponse call() {
        var moment = loop.now();
        var problem = LoopHealth.problem(moment, stopped(operator));
        var response = HealthCheckResponse.named("Control loop")
                .withData("queued", moment.queued())
                .withData("running", moment.running())
                .withData("secondsSinceLastMove", moment.still().toSeconds())
                .withData("secondsSinceLastWatch", moment.watch().toSeconds());
        problem.ifPresent(words -> response.withData("problem", words));
        return response.status(problem.isEmpty()).build();
    }

    /** Names of event sources whose informer ended by itself. The SDK leaves out the type's parameter. */
    @SuppressWarnings({"rawtypes", "unchecked"})
    static List<String> stopped(Operator operator) {
        var info = operator.getRuntimeInfo();
        var stopped = new ArrayList<String>();
        if (info.isStarted()) {
            for (RegisteredController controller : info.getRegisteredControllers()) {
                controller
                        .getControllerHealthInfo()
                        .informerEventSourceHealthIndicators()
                        .forEach((name, source) -> {
                            Map<String, InformerHealthIndicator> informers = source.informerHealthIndicators();
                            if (!informers.values().stream().allMatch(InformerHealthIndicator::isRunning)) {
                                stopped.add(name);
                            }
                        });
            }
        }
        return stopped;
    }
}
