package dev.planetary.dask;

import dev.planetary.dask.SchedulerUnavailable.Reason;
import dev.planetary.tls.Authorities;
import dev.planetary.tls.Pem;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Trusts at each address the CA of the one cluster that is asked there. Every cluster has its own CA and Dask
 * certificates carry no pod IPs, so the CA <em>is</em> the identity and host names are not compared: the HTTP client
 * does ask for that check, but JSSE leaves it to an <em>extended</em> trust manager, which this is.
 *
 * <p>Pod IPs come back under other clusters, and one HTTP client pools the connections of all. Therefore an address
 * is leased to one cluster as long as requests to it run: two clusters that believe in the same address (one of them by
 * an outdated cache) can never be checked against each other's CA, the second is refused. And each TLS session is
 * marked with the cluster it was checked for, so that an answer over another's pooled or resumed connection is
 * refused. With certificates that users provide the CA may be shared: then all of its clusters look alike here, as they
 * do to Dask, and the token, which is each cluster's own, tells them apart. What remains is a token sent, by a cluster whose own pod is gone, over an idle connection that the living
 * pod of another cluster has kept: worth a 401, as tokens differ per cluster.
 */
final class PeerTrust extends X509ExtendedTrustManager {

    private static final String MARK = "dev.planetary.cluster";

    private final Map<String, Lease> leases = new HashMap<>();

    /** A cluster's hold on an address, shared by its requests; each must close it once. */
    final class Lease implements AutoCloseable {
        private final String address;
        private final String clusterUid;
        private String caPem = "";
        private X509TrustManager ca;
        private int requests;

        private Lease(String address, String clusterUid) {
            this.address = address;
            this.clusterUid = clusterUid;
        }

        /** {@return whether the session was checked for this cluster when its connection was made} */
        boolean covers(SSLSession session) {
            return clusterUid.equals(session.getValue(MARK));
        }

        @Override
        public void close() {
            synchronized (PeerTrust.this) {
                requests--;
                if (requests == 0) {
                    leases.remove(address);
                }
            }
        }
    }

    /** {@return the lease of the endpoint's address; the latest CA of a cluster holds for all its requests} */
    synchronized Lease lease(SchedulerEndpoint endpoint) throws IOException {
        var address = endpoint.address();
        var lease = leases.getOrDefault(address, new Lease(address, endpoint.clusterUid()));
        if (!lease.clusterUid.equals(endpoint.clusterUid())) {
            throw new SchedulerUnavailable(
                    Reason.UNEXPECTED, address + " is in use by the scheduler of cluster " + lease.clusterUid);
        }
        var caPem = endpoint.caPem().orElseThrow();
        if (!lease.caPem.equals(caPem)) {
            lease.ca = trusting(endpoint, caPem);
            lease.caPem = caPem;
        }
        lease.requests++;
        leases.put(address, lease);
        return lease;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        var lease = at(SchedulerEndpoint.address(engine.getPeerHost(), engine.getPeerPort()));
        lease.ca.checkServerTrusted(chain, authType);
        engine.getHandshakeSession().putValue(MARK, lease.clusterUid);
    }

    private synchronized Lease at(String address) throws CertificateException {
        var lease = leases.get(address);
        if (lease == null) {
            throw new CertificateException("no request to " + address + " is under way");
        }
        return lease;
    }

    private static X509TrustManager trusting(SchedulerEndpoint endpoint, String caPem) throws IOException {
        try {
            return Authorities.trusting(Pem.certificates(caPem));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new SchedulerUnavailable(
                    Reason.UNTRUSTED, "The CA of " + endpoint + " cannot be used: " + e.getMessage(), e);
        }
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw unknownPeer();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw unknownPeer();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw unknownPeer();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw unknownPeer();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw unknownPeer();
    }

    private static CertificateException unknownPeer() {
        return new CertificateException("trust is given to servers at a known address only");
    }
}
