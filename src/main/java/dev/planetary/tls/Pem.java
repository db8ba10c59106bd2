package dev.planetary.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/** Reads and writes PEM. Messages never quote what was read: it may be a key. */
public final class Pem {

    private static final Base64.Encoder BASE64 = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private Pem() {}

    /**
     * {@return the certificates of {@code pem} in their order, at least one; during a CA change a bundle holds two}
     *
     * @throws IllegalArgumentException if there is none, or one is broken
     */
    public static List<X509Certificate> certificates(String pem) {
        if (!pem.contains("-----BEGIN CERTIFICATE-----")) {
            throw new IllegalArgumentException("no PEM certificate: there is no line BEGIN CERTIFICATE");
        }
        try {
            var input = new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
            return CertificateFactory.getInstance("X.509").generateCertificates(input).stream()
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (CertificateException e) {
            throw new IllegalArgumentException(
                    "broken PEM certificate: the text after BEGIN CERTIFICATE is no X.509", e);
        }
    }

    /**
     * {@return the key of a PEM text}: PKCS#8, or, as OpenSSL and others write them, PKCS#1 (RSA) and SEC1 (EC, the parameters may stand
     * before it)
     *
     * @throws IllegalArgumentException if there is none, it is encrypted, or it is broken; the message holds no part of it
     */
    static PrivateKey privateKey(String pem) {
        try (var parser = new PEMParser(new StringReader(pem))) {
            var converter = new JcaPEMKeyConverter();
            while (true) {
                switch (parser.readObject()) {
                    case PrivateKeyInfo key -> {
                        return converter.getPrivateKey(key);
                    }
                    case PEMKeyPair pair -> {
                        return converter.getPrivateKey(pair.getPrivateKeyInfo());
                    }
                    case ASN1ObjectIdentifier _, X9ECParameters _ -> {} // BEGIN EC PARAMETERS
                    case PEMEncryptedKeyPair _, PKCS8EncryptedPrivateKeyInfo _ ->
                        throw new IllegalArgumentException("an encrypted PEM key: write it without a passphrase");
                    case null ->
                        throw new IllegalArgumentException("no PEM key: there is no line BEGIN PRIVATE KEY,"
                                + " BEGIN RSA PRIVATE KEY or BEGIN EC PRIVATE KEY");
                    default -> throw new IllegalArgumentException("no PEM key: the first block is something else");
                }
            }
        } catch (IOException | IllegalStateException e) {
            // The cause is dropped on purpose: parsers quote their input.
            throw new IllegalArgumentException("broken PEM key: the text after its BEGIN line is no private key");
        }
    }

    static String certificate(byte[] der) {
        return block("CERTIFICATE", der);
    }

    static String privateKey(PrivateKey key) {
        return block("PRIVATE KEY", key.getEncoded());
    }

    private static String block(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n" + BASE64.encodeToString(der) + "\n-----END " + type + "-----\n";
    }
}
