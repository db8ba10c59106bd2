package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterSpec;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;

/** Pods of a cluster whose spec a test writes as YAML. */
final class Rendered {
    private Rendered() {}

    static ClusterModel model(String spec) {
        var cluster = Serialization.unmarshal(
                "metadata: {name: ndvi, namespace: team-a, uid: c1}\nspec:\n" + spec.indent(2), PlanetaryCluster.class);
        return new ClusterModel(cluster, AcceptedSpec.first(cluster.specOrDefault(), "client:1"), "p1", false);
    }

    static Pod worker(String spec) {
        return WorkerPod.of(model(spec), PlanetaryClusterSpec.DEFAULT_GROUP, "ndvi-default-0");
    }

    static Pod scheduler(String spec) {
        return SchedulerPod.of(model(spec), "ndvi-scheduler-0");
    }

    static Container dask(Pod pod) {
        return pod.getSpec().getContainers().stream()
                .filter(c -> c.getName().equals("dask"))
                .findFirst()
                .orElseThrow();
    }

    /** The value after an option on the command line. */
    static String option(Pod pod, String option) {
        List<String> args = dask(pod).getArgs();
        return args.get(args.indexOf(option) + 1);
    }
}
