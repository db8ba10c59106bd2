package dev.planetary.telemetry;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.status.Finding;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Port: what the reconciler has to tell about its work. It asks nothing back, and nothing depends on it. */
public interface Telemetry {
    /** Tells nobody. */
    Telemetry NONE = new Telemetry() {
        @Override
        public void follow(Supplier<Stream<PlanetaryCluster>> clusters) {}

        @Override
        public void followJobs(Supplier<Stream<PlanetaryJob>> jobs) {}

        @Override
        public void told(PlanetaryCluster cluster, PlanetaryClusterStatus status, List<Finding> findings) {}

        @Override
        public void retired(int workers) {}

        @Override
        public void givenUp(String reason) {}

        @Override
        public void catalogueAsked(String outcome) {}

        @Override
        public void forget(String clusterUid) {}
    };

    /** @param clusters all there are, from a cache: it is read whenever somebody looks */
    void follow(Supplier<Stream<PlanetaryCluster>> clusters);

    /** @param jobs as above */
    void followJobs(Supplier<Stream<PlanetaryJob>> jobs);

    /**
     * A pass has ended.
     *
     * @param cluster  with the status it had before
     * @param status   what is told of it now
     * @param findings what stands in its way
     */
    void told(PlanetaryCluster cluster, PlanetaryClusterStatus status, List<Finding> findings);

    /** Workers that left with their results moved. */
    void retired(int workers);

    /** A worker that was asked to leave could not in time. */
    void givenUp(String reason);

    /** The catalogue was asked for a collection: found, unknown, failed. */
    void catalogueAsked(String outcome);

    void forget(String clusterUid);
}
