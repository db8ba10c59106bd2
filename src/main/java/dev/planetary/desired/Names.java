package dev.planetary.desired;

import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The names of a cluster's objects; deterministic, so that a crash between two writes never doubles anything. */
public record Names(String cluster) {
    public String service() {
        return cluster + "-scheduler";
    }

    /** The Service that a load balancer of the cloud is made for. */
    public String externalService() {
        return cluster + "-external";
    }

    public String networkPolicy() {
        return cluster + "-dask";
    }

    /** The NetworkPolicy over the programs of the jobs on it. */
    public String runnersNetworkPolicy() {
        return cluster + "-runners";
    }

    /** The PodDisruptionBudget over the scheduler. */
    public String schedulerBudget() {
        return service();
    }

    public String caSecret() {
        return cluster + "-ca";
    }

    public String podsSecret() {
        return cluster + "-pods";
    }

    public String clientSecret() {
        return cluster + "-client";
    }

    public String preload(String contentHash) {
        return cluster + "-preload-" + contentHash;
    }

    public String trustedCa() {
        return cluster + "-trusted-ca";
    }

    public String revision(long number) {
        return cluster + "-r" + number;
    }

    /** Names for scheduler pods that nobody has, a Terminating pod included, from the lowest number on; without end. */
    public Stream<String> freeSchedulers(Set<String> taken) {
        return free(service(), taken);
    }

    /** The same for workers of a group. */
    public Stream<String> freeWorkers(String group, Set<String> taken) {
        return free(cluster + "-" + group, taken);
    }

    private static Stream<String> free(String prefix, Set<String> taken) {
        return IntStream.iterate(0, n -> n + 1).mapToObj(n -> prefix + "-" + n).filter(name -> !taken.contains(name));
    }
}
