package dev.planetary.tls;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A certificate that somebody else made for servers and clients, checked as its peers will check it. Its key was looked at and is not
 * kept.
 *
 * @param leaf        who shows it, until when
 * @param authorities whom peers trust
 */
public record Credentials(X509Certificate leaf, List<X509Certificate> authorities) {
    private static final String SERVER = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT = "1.3.6.1.5.5.7.3.2";
    private static final String ANY = "2.5.29.37.0";

    public Credentials {
        authorities = List.copyOf(authorities);
    }

    /**
     * Reads what lies in a Secret.
     *
     * @throws IllegalArgumentException if peers would refuse it; the message says which key of the Secret is wrong and what to write,
     *     and holds no part of the private key
     */
    public static Credentials of(String certificatePem, String keyPem, String caPem, Instant now) {
        var chain = named("tls.crt", () -> Pem.certificates(certificatePem));
        var key = named("tls.key", () -> Pem.privateKey(keyPem));
        var authorities = named("ca.crt", () -> Pem.certificates(caPem));
        var leaf = chain.getFirst();
        must(
                Certificates.belongTogether(leaf, key),
                "tls.key is not the key of the first certificate in tls.crt (%s): write the pair, the certificate before those of its issuers",
                leaf.getSubjectX500Principal());
        var validity = Validity.of(leaf);
        must(
                now.isBefore(validity.notAfter()),
                "the certificate in tls.crt ended at %s: renew it",
                validity.notAfter());
        must(
                !now.isBefore(validity.notBefore()),
                "the certificate in tls.crt is not valid before %s: wait, or issue another one",
                validity.notBefore());
        must(
                servesBoth(leaf),
                "the certificate in tls.crt is not for servers and clients, and scheduler and workers are both: issue it with usages"
                        + " server auth and client auth");
        must(
                isTrusted(chain, authorities, now),
                "the certificate in tls.crt is not by an authority in ca.crt that is valid now: put its issuer into ca.crt, and those between"
                        + " into tls.crt behind the certificate");
        return new Credentials(leaf, authorities);
    }

    /** {@return when it is to be looked at again at the latest: nobody trusts it longer} */
    public Instant end() {
        return Validity.of(leaf).notAfter();
    }

    /** {@return the bundle of authorities that peers trust} */
    public String caPem() {
        return new Trust(authorities).pem();
    }

    /** Without the extension a certificate serves any purpose. */
    private static boolean servesBoth(X509Certificate leaf) {
        try {
            var usages = leaf.getExtendedKeyUsage();
            return usages == null || usages.contains(ANY) || usages.containsAll(List.of(SERVER, CLIENT));
        } catch (CertificateParsingException e) {
            return false;
        }
    }

    /** As a peer does it; one that is an authority itself ends the chain. */
    private static boolean isTrusted(List<X509Certificate> chain, List<X509Certificate> authorities, Instant now) {
        var path = chain.stream().takeWhile(c -> !authorities.contains(c)).toList();
        var anchors = authorities.stream()
                .filter(c -> now.isBefore(c.getNotAfter().toInstant()))
                .map(c -> new TrustAnchor(c, null))
                .collect(Collectors.toUnmodifiableSet());
        return !anchors.isEmpty() && (path.isEmpty() || leads(path, anchors, now));
    }

    private static boolean leads(List<X509Certificate> path, Set<TrustAnchor> anchors, Instant now) {
        try {
            var parameters = new PKIXParameters(anchors);
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            // Longest first: tls.crt may end with a root that others signed too.
            var paths = Stream.iterate(path.size(), n -> n > 0, n -> n - 1)
                    .map(n -> path.subList(0, n))
                    .toList();
            for (var part : paths) {
                if (holds(part, parameters)) {
                    return true;
                }
            }
            return false;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static boolean holds(List<X509Certificate> path, PKIXParameters parameters) {
        try {
            CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private interface Read<T> {
        T read();
    }

    private static <T> T named(String key, Read<T> read) {
        try {
            return read.read();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(key + ": " + e.getMessage(), e);
        }
    }

    private static void must(boolean holds, String otherwise, Object... of) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise.formatted(of));
        }
    }
}
