package dev.planetary.desired;

import dev.planetary.tls.Authority;
import dev.planetary.tls.KeyPairPem;
import dev.planetary.tls.Leaf;
import dev.planetary.tls.Token;
import dev.planetary.tls.Trust;
import dev.planetary.tls.Validity;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * What the Secrets of pods and clients should hold, from what they hold and from the cluster's authority. Nothing but the Secrets
 * themselves says how far a renewal is: it can be cut off after any write and done again.
 *
 * <p>Certificates are renewed at two thirds of their life. A new authority is first trusted by all, beside the one of before, and
 * issues only after everybody must have heard of it; the one of before is trusted until it ends.
 */
public final class Renewal {
    /**
     * @param certificate life of a certificate
     * @param delivery    how long it may take until every pod has a changed Secret
     */
    public record Times(Duration certificate, Duration delivery) {}

    private final ClusterModel model;
    private final Authority authority;
    private final String rotation;
    private final Issued pods;
    private final Issued client;
    /** What was issued here: to check it would cost more than to make it. */
    private final Map<KeyPairPem, Leaf> made;

    private final Times times;
    private final Clock clock;
    private final Instant now;
    private final String newToken;

    /**
     * @param authority the cluster's, now
     * @param rotation  which wish for another authority it fulfils: what was issued before that counts for nothing
     */
    public Renewal(
            ClusterModel model,
            Authority authority,
            String rotation,
            Optional<Secret> pods,
            Optional<Secret> client,
            Times times,
            Clock clock) {
        this(
                model,
                authority,
                rotation,
                Issued.of(model.names().podsSecret(), pods, Map.of(), clock.instant()),
                Issued.of(model.names().clientSecret(), client, Map.of(), clock.instant()),
                new ConcurrentHashMap<>(),
                Token.create(),
                times,
                clock);
    }

    private Renewal(
            ClusterModel model,
            Authority authority,
            String rotation,
            Issued pods,
            Issued client,
            Map<KeyPairPem, Leaf> made,
            String newToken,
            Times times,
            Clock clock) {
        this.model = model;
        this.authority = authority;
        this.rotation = rotation;
        this.now = clock.instant();
        this.pods = pods;
        this.client = client;
        this.made = made;
        this.newToken = newToken;
        this.times = times;
        this.clock = clock;
    }

    /** What is left to do now that the pods' Secret was written. */
    public Renewal withPods(Secret written) {
        return new Renewal(model, authority, rotation, read(pods, written), client, made, newToken, times, clock);
    }

    /** What is left to do now that the clients' Secret was written. */
    public Renewal withClient(Secret written) {
        return new Renewal(model, authority, rotation, pods, read(client, written), made, newToken, times, clock);
    }

    /** What is left to do where no pod came yet: what another authority has issued is not phased out but counts for nothing. */
    public Renewal mountedByNobody() {
        return new Renewal(
                model, authority, rotation, pods.by(authority), client.by(authority), made, newToken, times, clock);
    }

    /** Which wish for another authority is fulfilled. */
    public String rotation() {
        return rotation;
    }

    /** The pods' Secret as it is, if it is there. */
    public Optional<Secret> livePods() {
        return pods.live();
    }

    /** The pods' Secret, if it is to be made or changed; to be written first, unless neither is there. */
    public Optional<Secret> pods() {
        return write(pods);
    }

    /** The clients' Secret, if it is to be made or changed. */
    public Optional<Secret> client() {
        return write(client);
    }

    /** When something is due next, if all has been written. */
    public Instant due() {
        return Stream.concat(
                        Stream.of(authority.validity().renewal()),
                        Stream.of(pods, client).flatMap(this::due))
                .min(Instant::compareTo)
                .orElseThrow();
    }

    private Optional<Secret> write(Issued issued) {
        var trust = trust(issued);
        var token = token();
        var keeps = keeps(issued);
        var trusts = trust.equals(issued.trust());
        if (keeps && trusts && issued.token().equals(Optional.of(token))) {
            return Optional.empty();
        }
        var leaf = keeps
                ? new KeyPairPem(issued.text(ClusterSecrets.CERTIFICATE), issued.text(ClusterSecrets.KEY))
                : issue();
        var wanted = ClusterSecrets.leaf(
                model,
                issued.name(),
                new ClusterSecrets.Content(trust, trusts ? issued.since() : now, leaf, token, rotation));
        return Optional.of(
                issued.live().map(live -> ClusterSecrets.onto(live, wanted)).orElse(wanted));
    }

    private KeyPairPem issue() {
        var pair = authority.issue(model.names().service(), ClusterSecrets.dnsNames(model), clock, times.certificate());
        made.put(pair, Leaf.issued(pair, authority));
        return pair;
    }

    private Issued read(Issued before, Secret written) {
        return Issued.of(before.name(), Optional.of(written), made, now);
    }

    /** A Secret that somebody deleted trusts what the other does. */
    private Trust trust(Issued issued) {
        return Stream.of(issued, pods, client)
                .filter(i -> i.live().isPresent() && i.isOf(rotation))
                .map(Issued::trust)
                .findFirst()
                .orElse(Trust.NOTHING)
                .and(authority);
    }

    /** A certificate of the authority of before stays until the new one is trusted everywhere, however old it is. */
    private boolean keeps(Issued issued) {
        return issued.leaf()
                .filter(leaf -> issued.isOf(rotation))
                .filter(leaf -> leaf.isBy(authority)
                        ? now.isBefore(leaf.validity().renewal())
                        : now.isBefore(delivered())
                                && now.isBefore(leaf.validity().notAfter()))
                .isPresent();
    }

    /** When everybody trusts the authority. */
    private Instant delivered() {
        return Stream.of(pods, client)
                .filter(issued -> issued.live().isPresent())
                .map(issued -> issued.trust().holds(authority) ? issued.since() : now)
                .max(Instant::compareTo)
                .map(since -> since.plus(times.delivery()))
                .orElse(now);
    }

    private Stream<Instant> due(Issued issued) {
        if (issued.leaf().isEmpty() || !issued.isOf(rotation)) {
            return Stream.of(now);
        }
        return Stream.concat(
                issued.trust().ends().stream(),
                issued.leaf().stream()
                        .map(leaf -> leaf.isBy(authority)
                                ? leaf.validity().renewal()
                                : earlier(delivered(), leaf.validity())));
    }

    private static Instant earlier(Instant delivered, Validity leaf) {
        return delivered.isBefore(leaf.notAfter()) ? delivered : leaf.notAfter();
    }

    /** The same for all; a Secret that lost it gets it from the other. One that was there before one that was just made. */
    private String token() {
        return Stream.of(pods, client)
                .filter(i -> i.live().isPresent() && i.isOf(rotation))
                .map(Issued::token)
                .flatMap(Optional::stream)
                .filter(token -> !token.equals(newToken))
                .findFirst()
                .orElse(newToken);
    }
}
