package dev.planetary.validate;

import static dev.planetary.api.PlanetaryClusterSpec.DEFAULT_GROUP;

import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.SchedulerPod;
import dev.planetary.desired.WorkerPod;
import dev.planetary.status.Finding;
import java.util.Optional;

/** Whether pods can be made from a spec at all: templates are free-form to the API server until there is a pod. */
public final class Renderable {
    private Renderable() {}

    /** Names the template that is no pod's, in the words of the parser. */
    public static Optional<Finding> check(ClusterModel model) {
        return attempt(
                        "spec.scheduler.template",
                        () -> SchedulerPod.of(model, model.names().service()))
                .or(() -> model.accepted().pods().groups().keySet().stream()
                        .map(group -> attempt(
                                group.equals(DEFAULT_GROUP)
                                        ? "spec.workers.template"
                                        : "spec.workerGroups[name=" + group + "].template",
                                () -> WorkerPod.of(model, group, model.names().service())))
                        .flatMap(Optional::stream)
                        .findFirst());
    }

    private static Optional<Finding> attempt(String field, Runnable render) {
        try {
            render.run();
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(
                    new Finding(true, "InvalidTemplate", field + " is not a pod's metadata and spec: " + firstLine(e)));
        }
    }

    /** The parser's further lines speak of Java classes. */
    private static String firstLine(IllegalArgumentException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
