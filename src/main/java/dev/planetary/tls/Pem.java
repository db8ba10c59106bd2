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
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.util.encoders.DecoderException;

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

    static PrivateKey privateKey(String pem) {
        try (var parser = new PEMParser(new StringReader(pem))) {
            return switch (parser.readObject()) {
                case PrivateKeyInfo key -> new JcaPEMKeyConverter().getPrivateKey(key);
                case null -> throw new IllegalArgumentException("no PEM key: there is no line BEGIN PRIVATE KEY");
                default ->
                    throw new IllegalArgumentException("no PEM key in PKCS#8: the block is not BEGIN PRIVATE KEY");
            };
        } catch (IOException | DecoderException e) {
            // The cause is dropped on purpose: parsers quote their input.
            throw new IllegalArgumentException("broken PEM key: the text after BEGIN PRIVATE KEY is no PKCS#8");
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
