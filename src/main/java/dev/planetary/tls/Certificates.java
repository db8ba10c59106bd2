package dev.planetary.tls;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.IPAddress;

/**
 * What stands in our certificates. The extensions are those that Python's {@code VERIFY_X509_STRICT} (default since
 * 3.13) insists on: key identifiers, critical basic constraints, key usage of the CA.
 */
final class Certificates {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String SIGNATURE = "SHA256withECDSA";
    private static final int LONGEST_COMMON_NAME = 64;

    private Certificates() {}

    static KeyPair newKeys() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime makes no P-256 keys", e);
        }
    }

    static X509Certificate selfSigned(String commonName, KeyPair keys, Validity validity) {
        var serial = newSerial();
        var name = new X500NameBuilder(BCStyle.INSTANCE)
                .addRDN(BCStyle.CN, cut(commonName))
                .addRDN(BCStyle.SERIALNUMBER, serial.toString(16))
                .build();
        try {
            var builder = builder(name, serial, validity, name, keys.getPublic())
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            return sign(builder, keys.getPrivate());
        } catch (GeneralSecurityException | CertIOException e) {
            throw new IllegalStateException("cannot make a CA certificate for " + commonName, e);
        }
    }

    static X509Certificate leaf(
            String commonName,
            List<String> names,
            PublicKey key,
            Validity validity,
            X509Certificate ca,
            PrivateKey caKey)
            throws GeneralSecurityException {
        var subject = new X500NameBuilder(BCStyle.INSTANCE)
                .addRDN(BCStyle.CN, cut(commonName))
                .build();
        var issuer = new JcaX509CertificateHolder(ca).getSubject();
        try {
            var builder = builder(issuer, newSerial(), validity, subject, key)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                    .addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(new KeyPurposeId[] {
                        KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                    }))
                    .addExtension(
                            Extension.authorityKeyIdentifier,
                            false,
                            new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(ca));
            if (!names.isEmpty()) {
                builder.addExtension(Extension.subjectAlternativeName, false, alternatives(names));
            }
            return sign(builder, caKey);
        } catch (CertIOException e) {
            throw new GeneralSecurityException("an extension cannot be encoded", e);
        }
    }

    /** Signs and verifies: the only question that every kind of key answers. */
    static boolean belongTogether(X509Certificate certificate, PrivateKey key) {
        try {
            var algorithm = signature(key);
            var probe = newSerial().toByteArray();
            var signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(probe);
            var verifier = Signature.getInstance(algorithm);
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(probe);
            return verifier.verify(signer.sign());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** Of keys that others made; ours are EC. */
    private static String signature(PrivateKey key) {
        return switch (key.getAlgorithm()) {
            case "EC" -> SIGNATURE;
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm(); // EdDSA names key and signature alike
        };
    }

    static String pem(X509Certificate certificate) {
        try {
            return Pem.certificate(certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate lost its encoding", e);
        }
    }

    private static X509v3CertificateBuilder builder(
            X500Name issuer, BigInteger serial, Validity validity, X500Name subject, PublicKey key)
            throws GeneralSecurityException, CertIOException {
        return new JcaX509v3CertificateBuilder(
                        issuer, serial, Date.from(validity.notBefore()), Date.from(validity.notAfter()), subject, key)
                .addExtension(
                        Extension.subjectKeyIdentifier,
                        false,
                        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException {
        try {
            var signer = new JcaContentSignerBuilder(SIGNATURE).build(key);
            return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException("the CA key cannot sign with " + SIGNATURE, e);
        }
    }

    private static GeneralNames alternatives(List<String> names) {
        return new GeneralNames(names.stream()
                .map(name ->
                        new GeneralName(IPAddress.isValid(name) ? GeneralName.iPAddress : GeneralName.dNSName, name))
                .toArray(GeneralName[]::new));
    }

    /** Positive, not zero, 16 bytes: RFC 5280 allows 20. */
    private static BigInteger newSerial() {
        return new BigInteger(126, RANDOM).setBit(126);
    }

    private static String cut(String commonName) {
        return commonName.length() <= LONGEST_COMMON_NAME ? commonName : commonName.substring(0, LONGEST_COMMON_NAME);
    }
}
