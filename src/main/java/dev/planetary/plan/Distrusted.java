package dev.planetary.plan;

import dev.planetary.desired.Rotation;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Pods that were made before the cluster's authority was replaced because something of it leaked. A running process cannot unlearn an
 * authority, so all of them go at once, and their results with them; new ones are made when they are on their way.
 */
public final class Distrusted {
    private Distrusted() {}

    /** @param rotation which wish for another authority is fulfilled; empty: none was ever there */
    public static ClusterPlan over(ClusterPlan plan, ClusterObservation seen, String rotation) {
        var old = seen.pods().stream()
                .filter(p -> !p.deleting())
                .filter(p -> !Rotation.done(p.pod()).equals(rotation))
                .toList();
        if (old.isEmpty() || seen.cluster().specOrDefault().suspend()) {
            plan.create().forEach(pod -> Rotation.mark(pod, rotation));
            return plan;
        }
        var uids = old.stream().map(ObservedPod::uid).collect(Collectors.toSet());
        var others = plan.delete().stream().filter(d -> !uids.contains(d.pod().uid()));
        return new ClusterPlan(
                List.of(),
                Stream.concat(old.stream().map(Distrusted::departure), others).toList(),
                List.of(),
                List.of(),
                0,
                Optional.empty(),
                true,
                plan.recheck());
    }

    private static Departure departure(ObservedPod pod) {
        return new Departure(
                pod,
                Departure.Reason.CaRotated,
                pod.name() + ": nothing of before is trusted any more, as annotation " + Rotation.ASKED + " asks"
                        + (pod.isScheduler() ? "; results are lost, clients need the new Secret" : ""));
    }
}
