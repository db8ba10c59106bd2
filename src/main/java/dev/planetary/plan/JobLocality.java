package dev.planetary.plan;

import dev.planetary.api.Condition;
import dev.planetary.api.DataSpec;
import dev.planetary.observe.JobObservation;
import java.util.Optional;

/**
 * Whether a job's cluster is next to what the job reads. To which nodes its pods go is the cluster's affair: one of the job's own is made
 * with the job's data, one that others use as well stays where it is, and only the job waits.
 */
public final class JobLocality {
    private JobLocality() {}

    /** {@return what is to be told; empty: nobody wants to know, or there is no cluster, or nothing is known of it} */
    public static Optional<Nearness> of(JobObservation seen) {
        return data(seen)
                .flatMap(data -> now(seen, data).map(now -> told(seen, now)).or(() -> before(seen)
                        .map(Nearness::of)));
    }

    /** {@return why the program is not to be started on that cluster; one that runs already is left alone} */
    static Optional<Obstacle> obstacle(JobObservation seen) {
        return data(seen)
                .filter(data -> data.locality() == DataSpec.Locality.Require)
                .flatMap(data -> now(seen, data))
                .flatMap(now -> obstacle(now, told(seen, now)));
    }

    private static Optional<Obstacle> obstacle(Nearness now, Nearness told) {
        if (told.far()) {
            return Optional.of(new Obstacle(
                    told.reason(),
                    told.message()
                            + "; the program is not started there, for data.locality is Require: a job with Prefer, under a"
                            + " new name, runs far from the data"));
        }
        return now.locating() ? Optional.of(new Obstacle(now.reason(), now.message())) : Optional.empty();
    }

    private static Nearness told(JobObservation seen, Nearness now) {
        return now.remembering(before(seen));
    }

    private static Optional<Condition> before(JobObservation seen) {
        return seen.status().condition(Condition.DATA_LOCAL);
    }

    private static Optional<DataSpec> data(JobObservation seen) {
        return seen.job().getSpec().located().filter(_ -> seen.cluster().isPresent());
    }

    private static Optional<Nearness> now(JobObservation seen, DataSpec data) {
        return seen.whereabouts().map(places -> Nearness.of(DataRegions.of(data, places), places.nodes()));
    }
}
