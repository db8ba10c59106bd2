package dev.planetary.desired;

import dev.planetary.api.PlanetaryJob;
import io.fabric8.kubernetes.api.model.ObjectMeta;

/**
 * The names of a job's objects. They hold a part of the job's uid, so that a job made again under the same name meets nothing of the
 * former one; and they are deterministic, so that a crash between two writes never doubles anything.
 */
public record JobNames(String job, String uid) {
    private static final int OF_UID = 5;

    public static JobNames of(PlanetaryJob job) {
        return of(job.getMetadata());
    }

    public static JobNames of(ObjectMeta job) {
        return new JobNames(job.getName(), job.getUid());
    }

    /** Of its own cluster, of the ConfigMap with its files, of its folders. */
    public String own() {
        return job + "-" + uid.substring(0, OF_UID);
    }

    /** The runner's pod of an attempt, from 0. */
    public String runner(int attempt) {
        return own() + "-" + attempt;
    }

    /** The cluster that a job is on: the one it refers to, or its own. */
    public static String cluster(PlanetaryJob job) {
        var ref = job.getSpec().clusterRef();
        return ref == null ? of(job).own() : ref.name();
    }
}
