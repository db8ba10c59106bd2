package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobSpec;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;

/** What the cluster's side keeps in memory of jobs. */
final class BareJobs {
    private BareJobs() {}

    static PlanetaryJob bare(PlanetaryJob job) {
        var spec = job.getSpec();
        var bare = new PlanetaryJob();
        bare.setMetadata(
                new ObjectMetaBuilder(job.getMetadata()).withAnnotations(null).build());
        bare.setSpec(new PlanetaryJobSpec(
                spec.clusterRef(),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                spec.clusterAfter(),
                null,
                null,
                spec.suspend()));
        bare.setStatus(job.getStatus());
        return bare;
    }
}
