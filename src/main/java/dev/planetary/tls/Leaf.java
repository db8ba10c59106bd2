package dev.planetary.tls;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Optional;

/**
 * A certificate that fits its key, as it was read.
 *
 * @param certificate who it is, until when, by whom
 */
public record Leaf(X509Certificate certificate) {

    /** {@return the first certificate of a Secret, or nothing if it or the key cannot be read, or they do not fit} */
    public static Optional<Leaf> of(String certificatePem, String keyPem) {
        try {
            var certificate = Pem.certificates(certificatePem).getFirst();
            return Certificates.belongTogether(certificate, Pem.privateKey(keyPem))
                    ? Optional.of(new Leaf(certificate))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    public Validity validity() {
        return Validity.of(certificate);
    }

    /** {@return whether that authority signed it} */
    public boolean isBy(Authority authority) {
        try {
            certificate.verify(authority.certificate().getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
