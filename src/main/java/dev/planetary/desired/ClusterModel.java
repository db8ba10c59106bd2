package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import java.util.Optional;

/**
 * All that a cluster's objects are rendered from.
 *
 * @param cluster     the user's object: name, namespace, uid; and what pods do not depend on (Service)
 * @param accepted    what pods are made from
 * @param preloadHash names the preload ConfigMap in force
 * @param trustedCa   whether pods are given extra trusted CAs
 * @param sasUrl      where pods get their Planetary Computer tokens; empty: they are told nothing
 * @param near        to which nodes new pods should go on account of the data; empty: to any
 */
public record ClusterModel(
        PlanetaryCluster cluster,
        AcceptedSpec accepted,
        String preloadHash,
        boolean trustedCa,
        Optional<String> sasUrl,
        Optional<NearData> near) {
    /** Dask's own protocol. */
    public static final int COMM_PORT = 8786;
    /** HTTP, over TLS unless that is off: dashboard, health, state. */
    public static final int HTTP_PORT = 8787;

    /** Without a place to get tokens, and far or near. */
    public ClusterModel(PlanetaryCluster cluster, AcceptedSpec accepted, String preloadHash, boolean trustedCa) {
        this(cluster, accepted, preloadHash, trustedCa, Optional.empty(), Optional.empty());
    }

    public Names names() {
        return new Names(cluster.getMetadata().getName());
    }

    public String namespace() {
        return cluster.getMetadata().getNamespace();
    }

    /** Of the spec in force: what pods speak with each other. */
    public Transport transport() {
        return Transport.of(accepted.pods().tls(), names());
    }

    /** Where clients and workers find the scheduler, for Dask. */
    public String schedulerAddress() {
        return transport().protocol() + "://" + host() + ":" + COMM_PORT;
    }

    /** Where the scheduler's HTTP routes are. */
    public String schedulerUrl() {
        return transport().http() + "://" + host() + ":" + HTTP_PORT;
    }

    /** The Service's DNS name, without the cluster domain, which differs between installations. */
    public String host() {
        return names().service() + "." + namespace() + ".svc";
    }

    Optional<String> trustedCaName() {
        return trustedCa ? Optional.of(names().trustedCa()) : Optional.empty();
    }
}
