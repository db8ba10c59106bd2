package dev.planetary.dask;

import dev.planetary.tls.Authority;
import dev.planetary.tls.KeyPairPem;
import dev.planetary.tls.Token;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/** A cluster's secrets, as the operator makes them. */
record Cluster(String uid, Authority authority, String token) {

    static Cluster of(String uid) {
        return new Cluster(uid, Authority.create(uid, Clock.systemUTC(), Duration.ofDays(365)), Token.create());
    }

    /** Without the pod's IP among its names, like the real ones. */
    KeyPairPem leaf() {
        return authority.issue("pods", List.of("c-scheduler.ns.svc"), Clock.systemUTC(), Duration.ofDays(90));
    }

    SchedulerEndpoint endpoint(int port) {
        return new SchedulerEndpoint(uid, uid + "-pod", "127.0.0.1", port, authority.certificatePem(), token);
    }
}
