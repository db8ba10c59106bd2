package dev.planetary.plan;

import dev.planetary.api.PlanetaryJobSpec.ClusterAfter;
import dev.planetary.observe.JobObservation;
import dev.planetary.plan.JobPlan.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A job that ended: its phase stays; what it held goes. */
final class EndedJob {
    /** Until the cache shows that it is gone. */
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(10);

    private EndedJob() {}

    static JobPlan plan(JobObservation seen) {
        var steps = new ArrayList<Step>();
        seen.runners().stream().filter(r -> !r.deleting() && !r.finished()).forEach(r -> steps.add(new Step.Kill(r)));
        if (seen.ownsItsCluster() && seen.cluster().isPresent()) {
            switch (seen.job().getSpec().afterwards()) {
                case ClusterAfter.Delete -> steps.add(new Step.DropCluster());
                case ClusterAfter.Keep -> steps.add(new Step.ReleaseCluster());
                case ClusterAfter.Stop -> {}
            }
        }
        var end = end(seen);
        if (steps.isEmpty() && end.filter(at -> !seen.now().isBefore(at)).isPresent()) {
            steps.add(new Step.DeleteJob());
        }
        var status = seen.status();
        return new JobPlan(
                status.phase(),
                status.reason(),
                status.message(),
                Ledger.of(status),
                List.copyOf(steps),
                end.map(at -> seen.now().isBefore(at) ? at : seen.now().plus(LOOK_AGAIN)));
    }

    private static Optional<Instant> end(JobObservation seen) {
        return seen.job().getSpec().timeToLive().flatMap(life -> seen.status()
                .completed()
                .map(at -> at.plus(life)));
    }
}
