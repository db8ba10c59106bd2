package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;

/**
 * The PodDisruptionBudget that refuses to evict the scheduler. It is there only while work runs: one over a single pod would block
 * drains for ever.
 */
public final class SchedulerBudget {
    private SchedulerBudget() {}

    public static PodDisruptionBudget of(ClusterModel model) {
        var cluster = model.cluster().getMetadata().getName();
        return new PodDisruptionBudgetBuilder()
                .withMetadata(Labels.owned(model.cluster(), model.names().schedulerBudget()))
                .withNewSpec()
                // A number, for shares of a number want a controller that Kubernetes can ask how many pods there should
                // be.
                .withMinAvailable(new IntOrString(1))
                .withNewSelector()
                .withMatchLabels(Labels.scheduler(cluster))
                .endSelector()
                // A scheduler that is broken keeps nobody's work.
                .withUnhealthyPodEvictionPolicy("AlwaysAllow")
                .endSpec()
                .build();
    }

    /** Whether a live budget says what it should. */
    public static boolean says(PodDisruptionBudget live, PodDisruptionBudget wanted) {
        return wanted.getSpec().equals(live.getSpec());
    }

    /** A live budget, changed to say what it should. */
    public static PodDisruptionBudget onto(PodDisruptionBudget live, PodDisruptionBudget wanted) {
        return new PodDisruptionBudgetBuilder(live).withSpec(wanted.getSpec()).build();
    }
}
