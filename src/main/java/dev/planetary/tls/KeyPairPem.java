package dev.planetary.tls;

/**
 * A certificate and its private key, as they lie in a Secret.
 *
 * @param certificate PEM, one X.509 certificate
 * @param privateKey PEM, PKCS#8, not encrypted
 */
public record KeyPairPem(String certificate, String privateKey) {

    /** Leaves the key out: records print every component, and logs are read by many. */
    @Override
    public String toString() {
        return "KeyPairPem[certificate=" + certificate + "]";
    }
}
