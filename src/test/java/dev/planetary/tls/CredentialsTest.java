package dev.planetary.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates and keys as cert-manager, OpenSSL and people write them. */
class CredentialsTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Instant END = NOW.plus(Duration.ofDays(90));
    private static final KeyPair EC = keys("EC", 256);
    private static final KeyPair RSA = keys("RSA", 2048);
    private static final String EC_PARAMETERS =
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";

    /** Signs others. */
    private record Issuer(X509Certificate certificate, KeyPair keys) {
        static Issuer of(String name, KeyPair keys) {
            return new Issuer(sign(name, keys, name, keys, true, NOW.plus(Duration.ofDays(365)), List.of()), keys);
        }

        Issuer intermediate(String name, KeyPair own) {
            return new Issuer(
                    sign(name, own, name(certificate), keys, true, NOW.plus(Duration.ofDays(365)), List.of()), own);
        }

        String leaf(KeyPair own, Instant end, KeyPurposeId... purposes) {
            return Certificates.pem(sign("CN=leaf", own, name(certificate), keys, false, end, List.of(purposes)));
        }

        String pem() {
            return Certificates.pem(certificate);
        }

        private static String name(X509Certificate certificate) {
            return certificate.getSubjectX500Principal().getName();
        }
    }

    private final Issuer ca = Issuer.of("CN=ca", EC);
    private final String leaf = ca.leaf(EC, END);
    private final String key = Pem.privateKey(EC.getPrivate());

    static Stream<List<Object>> keysInAllTheirFormats() {
        return Stream.of(
                List.of("EC in PKCS#8", EC, Pem.privateKey(EC.getPrivate())),
                List.of("EC in SEC1", EC, openssl(EC)),
                List.of("EC in SEC1, its parameters first", EC, EC_PARAMETERS + openssl(EC)),
                List.of("RSA in PKCS#8", RSA, Pem.privateKey(RSA.getPrivate())),
                List.of("RSA in PKCS#1", RSA, openssl(RSA)),
                List.of("Ed25519 in PKCS#8", ED25519, Pem.privateKey(ED25519.getPrivate())));
    }

    private static final KeyPair ED25519 = keys("Ed25519", 255);

    @ParameterizedTest
    @MethodSource("keysInAllTheirFormats")
    void a_key_is_read_in_every_format_that_Dask_reads(List<Object> format) {
        var keys = (KeyPair) format.get(1);
        var pem = (String) format.get(2);

        var read = Credentials.of(ca.leaf(keys, END), pem, ca.pem(), NOW);

        assertThat(read.end()).isEqualTo(END);
        assertThat(read.caPem()).isEqualTo(ca.pem());
    }

    @Test
    void the_formats_of_the_test_are_what_they_say() {
        assertThat(openssl(EC)).startsWith("-----BEGIN EC PRIVATE KEY-----");
        assertThat(openssl(RSA)).startsWith("-----BEGIN RSA PRIVATE KEY-----");
    }

    @ParameterizedTest
    @MethodSource("keysInAllTheirFormats")
    void another_key_of_any_format_does_not_fit(List<Object> format) {
        var other = ca.leaf(keys("EC", 256), END);

        refused(
                other,
                (String) format.get(2),
                ca.pem(),
                "tls.key is not the key of the first certificate in tls.crt (CN=leaf)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // PBES2 and nothing in it; PKCS#1 as OpenSSL encrypted it before there was PKCS#8
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMBEwCwYJKoZIhvcNAQUNBAIAAA==\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
            })
    void an_encrypted_key_is_named_as_such(String encrypted) {
        refused(leaf, encrypted, ca.pem(), "tls.key: an encrypted PEM key: write it without a passphrase");
    }

    @Test
    void what_is_no_PEM_is_named_and_never_quoted() {
        refused("secret", key, ca.pem(), "tls.crt: no PEM certificate");
        refused(leaf, "secret", ca.pem(), "tls.key: no PEM key");
        refused(
                leaf,
                "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
                ca.pem(),
                "tls.key: broken PEM key");
        refused(leaf, key, "secret", "ca.crt: no PEM certificate");
    }

    @Test
    void a_certificate_must_be_valid_now() {
        refused(ca.leaf(EC, NOW), key, ca.pem(), "ended at 2026-03-01T12:00:00Z: renew it");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Credentials.of(leaf, key, ca.pem(), NOW.minus(Duration.ofDays(2))))
                .withMessageContaining("is not valid before 2026-02-28T12:00:00Z");
    }

    @Test
    void a_certificate_must_serve_servers_and_clients() {
        refused(ca.leaf(EC, END, KeyPurposeId.id_kp_serverAuth), key, ca.pem(), "usages server auth and client auth");
        refused(ca.leaf(EC, END, KeyPurposeId.id_kp_clientAuth), key, ca.pem(), "usages server auth and client auth");

        var both = ca.leaf(EC, END, KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth);
        assertThat(Credentials.of(both, key, ca.pem(), NOW).end()).isEqualTo(END);
    }

    @Test
    void a_certificate_must_be_by_an_authority_that_peers_trust() {
        var other = Issuer.of("CN=ca", keys("EC", 256));

        refused(leaf, key, other.pem(), "is not by an authority in ca.crt");
        assertThat(Credentials.of(leaf, key, other.pem() + ca.pem(), NOW).authorities())
                .hasSize(2);
    }

    @Test
    void issuers_in_between_come_with_the_certificate() {
        var between = ca.intermediate("CN=between", RSA);
        var certificate = between.leaf(EC, END);

        refused(certificate, key, ca.pem(), "those between into tls.crt");
        assertThat(Credentials.of(certificate + between.pem(), key, ca.pem(), NOW)
                        .end())
                .isEqualTo(END);
        assertThat(Credentials.of(certificate + between.pem() + ca.pem(), key, ca.pem(), NOW)
                        .end())
                .isEqualTo(END);
        assertThat(Credentials.of(certificate, key, between.pem(), NOW).end()).isEqualTo(END);
    }

    @Test
    void one_that_signed_itself_is_its_own_authority() {
        assertThat(Credentials.of(ca.pem(), key, ca.pem(), NOW).authorities()).hasSize(1);
    }

    private static void refused(String certificate, String key, String authorities, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Credentials.of(certificate, key, authorities, NOW))
                .withMessageContaining(message)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret", "PRIVATE KEY-----\n"));
    }

    private static KeyPair keys(String algorithm, int size) {
        try {
            var generator = KeyPairGenerator.getInstance(algorithm);
            generator.initialize(size);
            return generator.generateKeyPair();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** PKCS#1 or SEC1. */
    private static String openssl(KeyPair keys) {
        try {
            var pkcs8 = PrivateKeyInfo.getInstance(keys.getPrivate().getEncoded());
            if (keys.getPrivate() instanceof java.security.interfaces.ECPrivateKey ec) {
                var curve = pkcs8.getPrivateKeyAlgorithm().getParameters();
                return block("EC", new ECPrivateKey(256, ec.getS(), curve).getEncoded());
            }
            return block("RSA", pkcs8.parsePrivateKey().toASN1Primitive().getEncoded());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String block(String kind, byte[] der) {
        var base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN %1$s PRIVATE KEY-----\n%2$s\n-----END %1$s PRIVATE KEY-----\n".formatted(kind, base64);
    }

    private static X509Certificate sign(
            String subject,
            KeyPair own,
            String issuer,
            KeyPair signer,
            boolean authority,
            Instant end,
            List<KeyPurposeId> purposes) {
        try {
            var builder = new JcaX509v3CertificateBuilder(
                            new X500Name(issuer),
                            java.math.BigInteger.valueOf(System.nanoTime()),
                            Date.from(NOW.minus(Duration.ofDays(1))),
                            Date.from(end),
                            new X500Name(subject),
                            own.getPublic())
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            if (!purposes.isEmpty()) {
                builder.addExtension(
                        Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes.toArray(KeyPurposeId[]::new)));
            }
            var algorithm = signer.getPrivate().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(signer.getPrivate())));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
