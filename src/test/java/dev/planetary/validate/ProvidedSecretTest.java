package dev.planetary.validate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.status.Finding;
import dev.planetary.tls.Authority;
import dev.planetary.tls.KeyPairPem;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProvidedSecretTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
    private static final Duration LIFE = Duration.ofDays(90);

    private final Authority authority = Authority.create("mine", CLOCK, Duration.ofDays(365));
    private final KeyPairPem leaf = authority.issue("leaf", List.of(), CLOCK, LIFE);

    @Test
    void a_good_one_is_used_until_its_certificate_ends() {
        var read = ProvidedSecret.read("mine", Optional.of(secret(Map.of())), NOW);

        assertThat(read).isInstanceOfSatisfying(ProvidedSecret.Usable.class, usable -> assertThat(
                        usable.credentials().end())
                .isEqualTo(NOW.plus(LIFE)));
    }

    @Test
    void one_that_is_not_there_is_waited_for() {
        assertThat(problem(Optional.empty(), NOW))
                .returns(false, Finding::permanent)
                .returns("SecretNotFound", Finding::reason)
                .extracting(Finding::message)
                .asString()
                .contains("Secret mine, which spec.tls.secretName names, is not there");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tls.crt", "tls.key", "ca.crt"})
    void one_that_lacks_a_key_is_for_its_owner_to_mend(String key) {
        assertThat(problem(Optional.of(secret(Map.of(key, ""))), NOW))
                .returns(true, Finding::permanent)
                .returns("InvalidSecret", Finding::reason)
                .extracting(Finding::message)
                .asString()
                .contains("has no " + key + ":");
    }

    @Test
    void one_that_has_nothing_is_too() {
        var empty = new SecretBuilder()
                .withNewMetadata()
                .withName("mine")
                .endMetadata()
                .build();

        assertThat(problem(Optional.of(empty), NOW).message()).contains("has no tls.crt, tls.key, ca.crt");
    }

    @Test
    void one_whose_certificate_ended_says_when_and_what_to_do() {
        assertThat(problem(Optional.of(secret(Map.of())), NOW.plus(LIFE)))
                .returns(true, Finding::permanent)
                .extracting(Finding::message)
                .asString()
                .contains("ended at 2026-05-30T12:00:00Z: renew it");
    }

    @Test
    void a_key_that_does_not_fit_is_told_and_never_shown() {
        var other = authority.issue("other", List.of(), CLOCK, LIFE);

        assertThat(problem(Optional.of(secret(Map.of("tls.key", other.privateKey()))), NOW)
                        .message())
                .contains("tls.key is not the key of the first certificate")
                .doesNotContain("BEGIN")
                .doesNotContain(other.privateKey().lines().toList().get(1));
    }

    private static Finding problem(Optional<Secret> live, Instant now) {
        return ((ProvidedSecret.Unusable) ProvidedSecret.read("mine", live, now)).finding();
    }

    /** A good one but for these; "" takes one away. */
    private Secret secret(Map<String, String> but) {
        var texts = new TreeMap<>(Map.of(
                "tls.crt", leaf.certificate(), "tls.key", leaf.privateKey(), "ca.crt", authority.certificatePem()));
        texts.putAll(but);
        texts.values().removeIf(String::isEmpty);
        var secret = new SecretBuilder().withNewMetadata().withName("mine").endMetadata();
        texts.forEach((key, text) ->
                secret.addToData(key, Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8))));
        return secret.build();
    }
}
