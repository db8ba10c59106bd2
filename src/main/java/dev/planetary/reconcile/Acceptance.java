package dev.planetary.reconcile;

import dev.planetary.apply.Applier;
import dev.planetary.desired.AcceptedSpec;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Names;
import dev.planetary.desired.SchedulerPod;
import dev.planetary.desired.WorkerPod;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.status.Finding;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Decides which spec is in force: the user's, or, if the API server would not take its pods, the last one that was accepted. */
final class Acceptance {
    /** @param refused why the user's spec is not in force */
    record Decision(AcceptedSpec inForce, Optional<Finding> refused) {}

    private final Applier applier;
    private final String defaultImage;

    Acceptance(Applier applier, String defaultImage) {
        this.applier = applier;
        this.defaultImage = defaultImage;
    }

    /**
     * The first spec is not tried out: its creates speak for themselves. A changed one is, by a dry run, before running pods are
     * replaced by ones that cannot be.
     */
    Decision decide(ClusterObservation seen, String preloadHash, boolean trustedCa) {
        var spec = seen.cluster().specOrDefault();
        if (seen.latest().isEmpty()) {
            return new Decision(AcceptedSpec.first(spec, defaultImage), Optional.empty());
        }
        var current = seen.latest().get();
        if (current.covers(spec)) {
            return new Decision(current, Optional.empty());
        }
        var next = current.next(spec, defaultImage);
        if (seen.pods().isEmpty()) {
            return new Decision(next, Optional.empty());
        }
        var refused = tryOut(new ClusterModel(seen.cluster(), next, preloadHash, trustedCa));
        return refused.isPresent() ? new Decision(current, refused) : new Decision(next, Optional.empty());
    }

    private Optional<Finding> tryOut(ClusterModel model) {
        var taken = Set.<String>of();
        try {
            return Stream.of(SchedulerPod.of(model, model.names().freeScheduler(taken) + "-try"),
                            WorkerPod.of(model, Names.DEFAULT_GROUP, model.names().freeWorker(Names.DEFAULT_GROUP, taken) + "-try"))
                    .map(applier::wouldRefuse).flatMap(Optional::stream).findFirst()
                    .map(f -> new Finding(true, f.reason(), f.message() + "; the last good spec stays in force"));
        } catch (IllegalArgumentException e) {
            return Optional.of(new Finding(true, "InvalidTemplate", "template: " + e.getMessage()));
        }
    }
}
