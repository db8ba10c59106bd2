package dev.planetary.plan;

import dev.planetary.desired.AcceptedSpec;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import dev.planetary.observe.PodTrouble;
import dev.planetary.status.Finding;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How many workers each group should have now.
 *
 * @param workers  by group; groups that are to go have none
 * @param shortage that they are fewer than asked for, on account of a limit of the namespace
 */
public record Wanted(Map<String, Integer> workers, Optional<Shortage> shortage) {

    public Wanted {
        workers = Collections.unmodifiableMap(new TreeMap<>(workers));
    }

    /** As the spec and the scheduler ask, whatever the namespace's limits are. */
    public static Wanted of(ClusterObservation seen, AcceptedSpec accepted) {
        var wanted = new TreeMap<String, Integer>();
        Stream.concat(
                        accepted.pods().groups().keySet().stream(),
                        seen.workers().stream().map(ObservedPod::group))
                .distinct()
                .forEach(group -> wanted.put(group, of(seen, accepted, group)));
        return new Wanted(wanted, Optional.empty());
    }

    /**
     * The same, as far as the namespace's limits allow.
     *
     * @param others what its other clusters hold
     */
    public Wanted within(Grant grant, Limits limits, Collection<Claim> others) {
        if (grant.lacks().isEmpty()) {
            return this;
        }
        var clamped = new TreeMap<>(workers);
        clamped.replaceAll((group, asked) -> Math.min(asked, grant.workers().getOrDefault(group, 0)));
        return new Wanted(clamped, Optional.of(Shortage.of(limits, grant, this, others)));
    }

    /** Whether there is no room for the cluster, so that it has no pods for now. */
    public boolean waits() {
        return shortage.filter(Shortage::waits).isPresent();
    }

    /** What stands in the way of a cluster that cannot work at all for want of room. */
    public Optional<Finding> finding() {
        return shortage.filter(s -> s.waits() || s.none()).map(s -> new Finding(false, Shortage.REASON, s.message()));
    }

    int all() {
        return workers.values().stream().mapToInt(Integer::intValue).sum();
    }

    public int workers(String group) {
        return workers.getOrDefault(group, 0);
    }

    private static int of(ClusterObservation seen, AcceptedSpec accepted, String group) {
        var spec = seen.cluster().specOrDefault();
        if (Life.of(seen).halted() || accepted.group(group).isEmpty()) {
            return 0;
        }
        var asked = spec.groups().get(group);
        var present = seen.workers(group).stream()
                .filter(p -> p.live() && !p.retiring())
                .toList();
        if (asked == null) {
            // Taken away by a spec that was refused: the last good one is in force, which does not say how many.
            return present.size();
        }
        return asked.autoscale() == null
                ? asked.replicas()
                : Scaling.wanted(
                        asked.autoscale(),
                        present.size(),
                        present.stream().anyMatch(Wanted::findsNoNode),
                        seen.state().map(s -> s.targets().get(group)),
                        Optional.ofNullable(seen.calm().get(group)));
    }

    private static boolean findsNoNode(ObservedPod pod) {
        return PodTrouble.of(pod).filter(PodTrouble::unschedulable).isPresent();
    }
}
