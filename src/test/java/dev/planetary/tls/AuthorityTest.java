package dev.planetary.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AuthorityTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
    private static final Duration YEAR = Duration.ofDays(365);
    private static final Duration LEAF = Duration.ofDays(90);

    private final Authority authority = Authority.create("ns/c", CLOCK, YEAR);

    @Test
    void leafIsVerifiedByItsAuthority() {
        var leaf = leaf("c-scheduler");

        assertThatCode(() -> verify(leaf, authority)).doesNotThrowAnyException();
    }

    @Test
    void leafIsRefusedByAnotherAuthorityOfTheSameName() {
        var leaf = leaf("c-scheduler");
        var other = Authority.create("ns/c", CLOCK, YEAR);

        assertThatExceptionOfType(CertPathValidatorException.class).isThrownBy(() -> verify(leaf, other));
    }

    @Test
    void leafServesServersAndClientsUnderItsNames() throws Exception {
        var leaf = leaf("c-scheduler", "c-scheduler.ns.svc", "127.0.0.1");

        assertThat(leaf.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
        assertThat(leaf.getSubjectAlternativeNames())
                .containsExactlyInAnyOrder(List.of(2, "c-scheduler.ns.svc"), List.of(7, "127.0.0.1"));
        assertThat(leaf.getBasicConstraints()).as("may not sign").isEqualTo(-1);
    }

    @Test
    void leafWithoutNamesHasNoAlternativeNames() throws Exception {
        assertThat(leaf("client").getSubjectAlternativeNames()).isNull();
    }

    @Test
    void certificatesCarryTheKeyIdentifiersThatStrictPythonWants() {
        var leaf = leaf("c-scheduler");

        assertThat(leaf.getNonCriticalExtensionOIDs()).contains("2.5.29.14", "2.5.29.35");
        assertThat(ca(authority).getNonCriticalExtensionOIDs()).contains("2.5.29.14");
        assertThat(ca(authority).getCriticalExtensionOIDs()).containsExactlyInAnyOrder("2.5.29.19", "2.5.29.15");
    }

    @Test
    void lifeBeginsFiveMinutesBeforeTheGivenClock() {
        var validity = validity(authority.issue("x", List.of(), CLOCK, LEAF));

        assertThat(validity).isEqualTo(new Validity(NOW.minusSeconds(300), NOW.plus(LEAF)));
        assertThat(validity.renewal()).isBetween(NOW.plus(Duration.ofDays(59)), NOW.plus(Duration.ofDays(60)));
    }

    @Test
    void leafEndsWithItsAuthority() {
        var lastMonth = Clock.fixed(NOW.plus(YEAR).minus(Duration.ofDays(30)), ZoneOffset.UTC);

        var leaf = authority.issue("x", List.of(), lastMonth, LEAF);

        assertThat(validity(leaf).notAfter()).isEqualTo(NOW.plus(YEAR));
    }

    @Test
    void authorityPastItsLifeIssuesNothing() {
        var tooLate = Clock.fixed(NOW.plus(YEAR), ZoneOffset.UTC);

        assertThatIllegalStateException()
                .isThrownBy(() -> authority.issue("x", List.of(), tooLate, LEAF))
                .withMessageContaining("the CA ended at 2027-03-01T12:00:00Z");
    }

    @Test
    void serialsAndKeysAreNeverTheSame() {
        assertThat(leaf("x").getSerialNumber()).isNotEqualTo(leaf("x").getSerialNumber());
        assertThat(leaf("x").getPublicKey()).isNotEqualTo(leaf("x").getPublicKey());
    }

    @Test
    void authoritiesOfOneClusterHaveDifferentNames() {
        var successor = Authority.create("ns/c", CLOCK, YEAR);

        assertThat(ca(successor).getSubjectX500Principal())
                .isNotEqualTo(ca(authority).getSubjectX500Principal());
    }

    @Test
    void longNamesAreCutToWhatX509Allows() {
        var subject = leaf("n".repeat(100)).getSubjectX500Principal().getName();

        assertThat(subject).isEqualTo("CN=" + "n".repeat(64));
    }

    @Test
    void authorityComesBackFromItsPem() {
        var restored = Authority.of(authority.certificatePem(), authority.keyPem());

        var leaf = parse(restored.issue("x", List.of(), CLOCK, LEAF).certificate());

        assertThatCode(() -> verify(leaf, authority)).doesNotThrowAnyException();
        assertThat(restored.validity()).isEqualTo(new Validity(NOW.minusSeconds(300), NOW.plus(YEAR)));
    }

    @Test
    void saysWhatIsWrongWithBrokenPem() {
        var certificate = authority.certificatePem();
        var key = authority.keyPem();

        refused("", key, "no PEM certificate");
        refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key, "broken PEM certificate");
        refused(certificate.replace("-----END CERTIFICATE-----", ""), key, "broken PEM certificate");
        refused(certificate, "", "no PEM key");
        refused(certificate, certificate, "no PEM key: the first block is something else");
        refused(certificate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "broken PEM key");
        refused(certificate, "-----BEGIN PRIVATE KEY-----\n%%%%\n-----END PRIVATE KEY-----\n", "broken PEM key");
    }

    @Test
    void refusesAKeyThatIsNotItsOwn() {
        refused(
                authority.certificatePem(),
                Authority.create("ns/d", CLOCK, YEAR).keyPem(),
                "not the key of CA certificate");
    }

    @Test
    void refusesALeafAsAuthority() {
        var leaf = authority.issue("x", List.of(), CLOCK, LEAF);

        refused(leaf.certificate(), leaf.privateKey(), "not a CA certificate: CN=x");
    }

    @Test
    void keysStayOutOfToString() {
        var leaf = authority.issue("x", List.of(), CLOCK, LEAF);

        assertThat(leaf.toString()).contains("CERTIFICATE").doesNotContain("PRIVATE");
        assertThat(authority.toString()).contains("ns/c").doesNotContain("PRIVATE");
    }

    private static void refused(String certificate, String key, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Authority.of(certificate, key))
                .withMessageContaining(message);
    }

    private X509Certificate leaf(String commonName, String... names) {
        return parse(authority.issue(commonName, List.of(names), CLOCK, LEAF).certificate());
    }

    private static Validity validity(KeyPairPem leaf) {
        return Validity.of(parse(leaf.certificate()));
    }

    private static X509Certificate ca(Authority authority) {
        return parse(authority.certificatePem());
    }

    private static X509Certificate parse(String pem) {
        return Pem.certificates(pem).getFirst();
    }

    private static void verify(X509Certificate leaf, Authority authority) throws GeneralSecurityException {
        var parameters = new PKIXParameters(Set.of(new TrustAnchor(ca(authority), null)));
        parameters.setRevocationEnabled(false);
        parameters.setDate(Date.from(NOW));
        var path = CertificateFactory.getInstance("X.509").generateCertPath(List.of(leaf));
        CertPathValidator.getInstance("PKIX").validate(path, parameters);
    }
}
