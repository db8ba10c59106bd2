package dev.planetary.tls;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/**
 * A cluster's certificate authority: EC P-256, signing with SHA-256. Dask checks no host names, so whoever holds a
 * certificate of a cluster's CA is in: an authority is never shared between clusters.
 */
public final class Authority {

    private final X509Certificate certificate;
    private final PrivateKey key;

    private Authority(X509Certificate certificate, PrivateKey key) {
        this.certificate = certificate;
        this.key = key;
    }

    /**
     * Makes a new authority.
     *
     * @param commonName who it is for; cut to 64 characters (X.520). Its full name also holds its random serial, so
     *     that old and new CA of one cluster are never taken for each other
     * @param clock tells when the life begins; valid from 5 minutes earlier, for peers whose clocks are behind
     * @param life how long from now; a renewed cluster needs both CAs for a while
     */
    public static Authority create(String commonName, Clock clock, Duration life) {
        var keys = Certificates.newKeys();
        var certificate = Certificates.selfSigned(commonName, keys, Validity.from(clock.instant(), life));
        return new Authority(certificate, keys.getPrivate());
    }

    /**
     * Takes up an authority from its Secret.
     *
     * @throws IllegalArgumentException if either text is no PEM, the certificate is no CA's, or the key is not its own;
     *     the message says which, and holds no part of the key
     */
    public static Authority of(String certificatePem, String keyPem) {
        var certificate = Pem.certificates(certificatePem).getFirst();
        var key = Pem.privateKey(keyPem);
        if (certificate.getBasicConstraints() < 0) {
            throw new IllegalArgumentException(
                    "not a CA certificate: " + certificate.getSubjectX500Principal() + " may not sign others");
        }
        if (!Certificates.belongTogether(certificate, key)) {
            throw new IllegalArgumentException(
                    "the key is not the key of CA certificate " + certificate.getSubjectX500Principal());
        }
        return new Authority(certificate, key);
    }

    X509Certificate certificate() {
        return certificate;
    }

    /** {@return the CA's certificate, for everybody who is to trust its leaves} */
    public String certificatePem() {
        return Certificates.pem(certificate);
    }

    /** {@return the CA's key in PKCS#8: for its Secret only} */
    public String keyPem() {
        return Pem.privateKey(key);
    }

    /** {@return when the CA may be used} */
    public Validity validity() {
        return Validity.of(certificate);
    }

    /**
     * Issues a certificate for servers and clients, with a new key.
     *
     * @param commonName who it is for; cut to 64 characters
     * @param dnsNames its DNS names; IP addresses (127.0.0.1, ::1) become IP names; may be empty
     * @param life how long from now; never longer than the CA's own
     * @throws IllegalStateException if the CA itself is past its life
     */
    public KeyPairPem issue(String commonName, List<String> dnsNames, Clock clock, Duration life) {
        var now = clock.instant();
        if (!now.isBefore(validity().notAfter())) {
            throw new IllegalStateException("the CA ended at " + validity().notAfter() + " and cannot issue any more");
        }
        var keys = Certificates.newKeys();
        var validity = Validity.from(now, life).within(validity());
        try {
            var leaf = Certificates.leaf(commonName, dnsNames, keys.getPublic(), validity, certificate, key);
            return new KeyPairPem(Certificates.pem(leaf), Pem.privateKey(keys.getPrivate()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot issue a certificate for " + commonName, e);
        }
    }

    /** Names the authority; the key stays out. */
    @Override
    public String toString() {
        return "Authority[" + certificate.getSubjectX500Principal() + "]";
    }
}
