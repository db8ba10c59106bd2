package dev.planetary.reconcile;

import dev.planetary.apply.Applier;
import dev.planetary.desired.AcceptedSpec;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.SchedulerPod;
import dev.planetary.desired.WorkerPod;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.status.Finding;
import dev.planetary.validate.Renderable;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/** Decides which spec is in force: the user's, or, if the API server would not take its pods, the last one that was accepted. */
final class Acceptance {
    /** @param refused why the user's spec is not in force */
    record Decision(AcceptedSpec inForce, Optional<Finding> refused) {}

    private final Applier applier;
    private final String defaultImage;
    /** A refused change is not tried out anew at every event. */
    private final Attempts refusals;
    /** One that waits for somebody's Secret is: no event tells of Secrets. */
    private final Attempts secrets;

    private final Identities identities;

    Acceptance(Applier applier, String defaultImage, Identities identities, Clock clock) {
        this.applier = applier;
        this.defaultImage = defaultImage;
        this.identities = identities;
        this.refusals = new Attempts(clock);
        this.secrets = new Attempts(clock);
    }

    /**
     * The first spec is not tried out: its creates speak for themselves. A changed one is, by a dry run, before running pods are
     * replaced by ones that cannot be.
     */
    Decision decide(ClusterObservation seen, String preloadHash, boolean trustedCa) {
        var spec = seen.cluster().specOrDefault();
        if (seen.latest().isEmpty()) {
            var first = AcceptedSpec.first(spec, defaultImage);
            return new Decision(
                    first, Renderable.check(new ClusterModel(seen.cluster(), first, preloadHash, trustedCa)));
        }
        var current = seen.latest().get();
        if (current.covers(spec)) {
            forget(uid(seen));
            return new Decision(current, Optional.empty());
        }
        var next = current.next(spec, defaultImage);
        var refused = refusal(seen, new ClusterModel(seen.cluster(), next, preloadHash, trustedCa));
        return refused.isPresent() ? new Decision(current, refused) : new Decision(next, Optional.empty());
    }

    void forget(String clusterUid) {
        refusals.forget(clusterUid);
        secrets.forget(clusterUid);
    }

    /** When a spec that waits for a Secret is tried again. */
    Optional<Instant> next(String clusterUid) {
        return secrets.next(clusterUid);
    }

    private Optional<Finding> refusal(ClusterObservation seen, ClusterModel model) {
        var generation = seen.cluster().getMetadata().getGeneration();
        var standing = Stream.of(refusals, secrets)
                .flatMap(attempts -> attempts.standing(uid(seen), generation).stream())
                .findFirst();
        if (standing.isPresent()) {
            return standing;
        }
        var refused = Renderable.check(model)
                .or(() -> seen.pods().isEmpty() ? Optional.empty() : tryOut(model))
                .map(Acceptance::asBefore);
        refusals.note(uid(seen), generation, refused.stream().toList());
        if (refused.isPresent()) {
            return refused;
        }
        var missing = Optional.of(model)
                .filter(_ -> !seen.pods().isEmpty())
                .flatMap(identities::problem)
                .map(Acceptance::asBefore);
        secrets.note(uid(seen), generation, missing.stream().toList());
        return missing;
    }

    private static Finding asBefore(Finding refused) {
        return new Finding(true, refused.reason(), refused.message() + "; the last good spec stays in force");
    }

    /** Under names that nobody has: the answer is about the pod, not about its name. */
    private Optional<Finding> tryOut(ClusterModel model) {
        var scheduler = Stream.of(SchedulerPod.of(model, model.names().service() + "-try"));
        var workers = model.accepted().pods().groups().keySet().stream()
                .map(group -> WorkerPod.of(model, group, model.names().service() + "-try-" + group));
        return Stream.concat(scheduler, workers)
                .map(applier::wouldRefuse)
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static String uid(ClusterObservation seen) {
        return seen.cluster().getMetadata().getUid();
    }
}
