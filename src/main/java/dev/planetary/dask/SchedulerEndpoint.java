package dev.planetary.dask;

import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a cluster's scheduler answers, and how it is known to be that cluster's.
 *
 * @param clusterUid uid of the cluster object
 * @param podUid uid of the scheduler pod
 * @param host IP of the pod (IPv6 without brackets), or a name
 * @param port HTTP port
 * @param caPem trusted CA certificates of this cluster, PEM: one, or two during a CA change; empty: it speaks plain HTTP
 * @param token value of the header {@code Authorization: Bearer}
 */
public record SchedulerEndpoint(
        String clusterUid, String podUid, String host, int port, Optional<String> caPem, String token) {

    private static final Pattern TOKEN = Pattern.compile("[!-~]+");

    /**
     * Checks the token here and without quoting it, for the HTTP client's own message on a bad header quotes all of it.
     *
     * @throws IllegalArgumentException if the token is empty or has blanks, newlines or other unprintable characters
     */
    public SchedulerEndpoint {
        if (!TOKEN.matcher(token).matches()) {
            throw new IllegalArgumentException("the token of cluster " + clusterUid + " is empty or not printable");
        }
    }

    /** One that speaks HTTPS. */
    public SchedulerEndpoint(String clusterUid, String podUid, String host, int port, String caPem, String token) {
        this(clusterUid, podUid, host, port, Optional.of(caPem), token);
    }

    URI uri(String pathAndQuery) {
        var bracketed = host.contains(":") ? "[" + host + "]" : host;
        return URI.create((caPem.isPresent() ? "https://" : "http://") + bracketed + ":" + port + pathAndQuery);
    }

    /** {@return host and port in one spelling: {@code ::1} and {@code 0:0:0:0:0:0:0:1} are one address} */
    String address() {
        return address(host, port);
    }

    static String address(String host, int port) {
        return spelling(host) + " port " + port;
    }

    private static String spelling(String host) {
        try {
            return InetAddress.ofLiteral(host).getHostAddress();
        } catch (IllegalArgumentException e) {
            return host.toLowerCase(Locale.ROOT);
        }
    }

    /** Leaves the token out: records print every component. */
    @Override
    public String toString() {
        return "SchedulerEndpoint[cluster=" + clusterUid + ", pod=" + podUid + ", " + address() + "]";
    }
}
