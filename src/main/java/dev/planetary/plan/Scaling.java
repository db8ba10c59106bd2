package dev.planetary.plan;

import dev.planetary.api.WorkersSpec.Autoscale;
import java.util.Optional;

/** How many workers an autoscaled group should have: more at once, fewer only after a calm period. */
final class Scaling {
    private Scaling() {}

    /**
     * @param bounds  the fewest and the most
     * @param present workers that are there and stay, Pending ones included
     * @param stuck   whether one of them finds no node: more of them would find none either
     * @param target  how many the scheduler has work or results for; empty: it does not say, and nothing changes
     * @param calm    the highest target of the calm period; empty: not watched for so long, so none leaves
     */
    static int wanted(Autoscale bounds, int present, boolean stuck, Optional<Integer> target, Optional<Integer> calm) {
        var most = Math.max(bounds.min(), bounds.max());
        return Math.clamp(
                target.map(t -> t > present ? grown(present, stuck, t) : shrunk(present, t, calm))
                        .orElse(present),
                bounds.min(),
                most);
    }

    private static int grown(int present, boolean stuck, int target) {
        return stuck ? present : target;
    }

    private static int shrunk(int present, int target, Optional<Integer> calm) {
        return Math.max(target, Math.min(present, calm.orElse(present)));
    }
}
