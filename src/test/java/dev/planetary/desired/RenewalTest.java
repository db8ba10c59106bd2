package dev.planetary.desired;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.apply.HandClock;
import dev.planetary.tls.Authority;
import dev.planetary.tls.Leaf;
import dev.planetary.tls.Trust;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Secrets over time, with peers that get each change late. */
class RenewalTest {
    private static final Duration CA_LIFE = Duration.ofDays(30);
    private static final Duration LIFE = Duration.ofDays(9);
    private static final Duration DELIVERY = Duration.ofMinutes(5);

    private final HandClock clock = new HandClock();
    private final ClusterModel model = Rendered.model("{}");
    private Authority authority = Authority.create("ndvi", clock, CA_LIFE);
    private String rotation = "";
    private Optional<Secret> pods = Optional.empty();
    private Optional<Secret> client = Optional.empty();

    @Test
    void nothing_is_written_until_two_thirds_of_the_certificates_life() {
        pass();
        var made = pods;

        clock.pass(Duration.ofDays(6).minusSeconds(1));
        assertThat(renewal().pods()).isEmpty();
        assertThat(renewal().client()).isEmpty();
        assertThat(renewal().due()).isEqualTo(clock.instant().plusSeconds(1));

        clock.pass(Duration.ofSeconds(1));
        pass();
        assertThat(leaf(pods).validity().notAfter()).isEqualTo(clock.instant().plus(LIFE));
        assertThat(text(pods, ClusterSecrets.CA)).isEqualTo(text(made, ClusterSecrets.CA));
        assertThat(text(pods, ClusterSecrets.TOKEN)).isEqualTo(text(made, ClusterSecrets.TOKEN));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void at_no_moment_is_a_peer_not_trusted(int seed) {
        // Given: passes that come late, are cut off after any write, and Secrets that reach each peer when they like
        var chance = new Random(seed);
        var history = new ArrayList<Version>();
        pass();
        history.add(new Version(clock.instant(), pods.orElseThrow(), client.orElseThrow()));
        var authorities = new HashSet<String>();

        // When: the authority is replaced several times
        while (authorities.size() < 4) {
            var step = Duration.between(clock.instant(), due());
            clock.pass(step.plusSeconds(chance.nextInt(3) == 0 ? chance.nextInt(40_000) : 1));
            if (!clock.instant().isBefore(authority.validity().renewal())) {
                authority = Authority.create("ndvi", clock, CA_LIFE);
                if (chance.nextBoolean()) {
                    continue; // died
                }
            }
            pods = renewal().pods().or(() -> pods);
            if (chance.nextInt(4) > 0) {
                client = renewal().client().or(() -> client);
            }
            authorities.add(authority.certificatePem());
            history.add(new Version(clock.instant(), pods.orElseThrow(), client.orElseThrow()));
            // Then: whatever version of the Secrets any two peers have
            for (var one : inUse(history)) {
                for (var other : inUse(history)) {
                    assertTrusts(one, other);
                }
            }
        }
        assertThat(history).hasSizeGreaterThan(15);
    }

    @Test
    void an_authority_that_ended_is_no_longer_trusted_by_anybody() {
        pass();
        var first = authority;
        clock.pass(Duration.ofDays(20));
        authority = Authority.create("ndvi", clock, CA_LIFE);
        pass();
        assertThat(trust(pods).holds(first)).isTrue();

        clock.pass(Duration.ofDays(10));
        pass();

        assertThat(trust(pods)).isEqualTo(Trust.NOTHING.and(authority));
    }

    @Test
    void an_authority_that_leaked_counts_for_nothing_at_once() {
        pass();
        var first = authority;
        var token = text(pods, ClusterSecrets.TOKEN);

        clock.pass(Duration.ofHours(1));
        authority = Authority.create("ndvi", clock, CA_LIFE);
        rotation = "2026-01-01T01:00:00Z";
        pass();

        for (var secret : List.of(pods, client)) {
            assertThat(trust(secret).holds(first)).isFalse();
            assertThat(leaf(secret).isBy(authority)).isTrue();
            assertThat(text(secret, ClusterSecrets.TOKEN)).isNotEqualTo(token);
        }
        assertThat(text(pods, ClusterSecrets.TOKEN)).isEqualTo(text(client, ClusterSecrets.TOKEN));
        assertThat(renewal().pods().or(() -> renewal().client())).isEmpty();
    }

    @Test
    void what_is_damaged_or_deleted_is_made_again_with_the_same_token() {
        pass();
        var token = text(pods, ClusterSecrets.TOKEN);

        pods = pods.map(s -> new SecretBuilder(s)
                .addToData(ClusterSecrets.CERTIFICATE, "bm90aGluZw==")
                .removeFromData(ClusterSecrets.TOKEN)
                .build());
        pass();
        assertThat(leaf(pods).isBy(authority)).isTrue();
        assertThat(text(pods, ClusterSecrets.TOKEN)).isEqualTo(token);

        client = Optional.empty();
        pass();
        assertThat(text(client, ClusterSecrets.TOKEN)).isEqualTo(token);
        assertThat(trust(client)).isEqualTo(trust(pods));
    }

    @Test
    void both_can_be_made_at_once_and_whichever_was_there_before_is_kept() {
        var anew = renewal();
        var made = anew.withPods(anew.pods().orElseThrow())
                .withClient(anew.client().orElseThrow());
        assertThat(made.pods().or(made::client)).isEmpty();

        // A process died between the two, and the one after it had not heard of either
        pass();
        var there = client.orElseThrow();
        var met = anew.withPods(anew.pods().orElseThrow()).withClient(there);
        pods = met.pods();
        assertThat(text(pods, ClusterSecrets.TOKEN)).isEqualTo(text(client, ClusterSecrets.TOKEN));
        assertThat(met.withPods(pods.orElseThrow()).client()).isEmpty();

        there = pods.orElseThrow();
        met = anew.withPods(there).withClient(anew.client().orElseThrow());
        assertThat(met.pods()).isEmpty();
        assertThat(text(met.client(), ClusterSecrets.TOKEN)).isEqualTo(text(pods, ClusterSecrets.TOKEN));
    }

    @Test
    void where_no_pod_is_yet_another_authority_is_not_phased_out() {
        // Given: three processes that died, and left an authority, the pods' Secret of another and the clients' of a
        // third
        pass();
        var token = text(pods, ClusterSecrets.TOKEN);
        authority = Authority.create("ndvi", clock, CA_LIFE);
        client = Optional.empty();
        client = new Renewal(model, authority, "", client, client, new Renewal.Times(LIFE, DELIVERY), clock).client();
        authority = Authority.create("ndvi", clock, CA_LIFE);

        // When
        var met = renewal().mountedByNobody();
        pods = met.pods();
        client = met.withPods(pods.orElseThrow()).client();

        // Then
        for (var secret : List.of(pods, client)) {
            assertThat(leaf(secret).isBy(authority)).isTrue();
            assertThat(trust(secret)).isEqualTo(Trust.NOTHING.and(authority));
        }
        assertThat(text(pods, ClusterSecrets.TOKEN)).isEqualTo(text(client, ClusterSecrets.TOKEN));
        assertThat(text(pods, ClusterSecrets.TOKEN)).isNotEqualTo(token);
        met = renewal().mountedByNobody();
        assertThat(met.pods().or(met::client)).isEmpty();
    }

    @Test
    void what_others_wrote_on_a_Secret_stays() {
        pass();
        pods = pods.map(s -> new SecretBuilder(s)
                .editMetadata()
                .addToLabels("team", "a")
                .addToAnnotations("note", "b")
                .endMetadata()
                .build());

        clock.pass(Duration.ofDays(7));
        pass();

        assertThat(pods.orElseThrow().getMetadata().getLabels()).containsEntry("team", "a");
        assertThat(pods.orElseThrow().getMetadata().getAnnotations()).containsEntry("note", "b");
    }

    private record Version(Instant at, Secret pods, Secret client) {}

    /** The latest that everybody has by now, and all after it. */
    private Set<Secret> inUse(List<Version> history) {
        var secrets = new HashSet<Secret>();
        for (var i = history.size() - 1; i >= 0; i--) {
            secrets.add(history.get(i).pods());
            secrets.add(history.get(i).client());
            if (!history.get(i).at().plus(DELIVERY).isAfter(clock.instant())) {
                break;
            }
        }
        return secrets;
    }

    /** By what its Secret alone says, as a process would that has just started. */
    private void assertTrusts(Secret one, Secret other) {
        var shown = leaf(Optional.of(other));
        assertThat(Trust.of(ClusterSecrets.read(one, ClusterSecrets.CA), clock.instant())
                        .authorities())
                .anyMatch(ca -> {
                    try {
                        shown.certificate().verify(ca.getPublicKey());
                        return true;
                    } catch (GeneralSecurityException e) {
                        return false;
                    }
                });
    }

    private Instant due() {
        return renewal().due().isAfter(clock.instant()) ? renewal().due() : clock.instant();
    }

    private void pass() {
        pods = renewal().pods().or(() -> pods);
        client = renewal().client().or(() -> client);
    }

    private Renewal renewal() {
        return new Renewal(model, authority, rotation, pods, client, new Renewal.Times(LIFE, DELIVERY), clock);
    }

    private Trust trust(Optional<Secret> secret) {
        return Trust.of(text(secret, ClusterSecrets.CA), clock.instant());
    }

    private static Leaf leaf(Optional<Secret> secret) {
        return Leaf.of(text(secret, ClusterSecrets.CERTIFICATE), text(secret, ClusterSecrets.KEY))
                .orElseThrow();
    }

    private static String text(Optional<Secret> secret, String key) {
        return ClusterSecrets.read(secret.orElseThrow(), key);
    }
}
