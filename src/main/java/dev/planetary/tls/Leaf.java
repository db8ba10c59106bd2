package dev.planetary.tls;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Optional;

/**
 * A certificate that fits its key, as it was read or made.
 *
 * @param certificate who it is, until when, by whom
 * @param maker       who made it just now: nothing about it needs to be computed
 */
public record Leaf(X509Certificate certificate, Optional<Authority> maker) {

    /** {@return the first certificate of a Secret, or nothing if it or the key cannot be read, or they do not fit} */
    public static Optional<Leaf> of(String certificatePem, String keyPem) {
        try {
            var certificate = Pem.certificates(certificatePem).getFirst();
            return Certificates.belongTogether(certificate, Pem.privateKey(keyPem))
                    ? Optional.of(new Leaf(certificate, Optional.empty()))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** {@return what that authority has just issued} */
    public static Leaf issued(KeyPairPem pair, Authority by) {
        return new Leaf(Pem.certificates(pair.certificate()).getFirst(), Optional.of(by));
    }

    public Validity validity() {
        return Validity.of(certificate);
    }

    /** {@return whether that authority signed it} */
    public boolean isBy(Authority authority) {
        if (maker.filter(authority::equals).isPresent()) {
            return true;
        }
        try {
            certificate.verify(authority.certificate().getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
