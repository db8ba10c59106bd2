package dev.planetary.desired;

import dev.planetary.tls.Authority;
import dev.planetary.tls.KeyPairPem;
import dev.planetary.tls.Leaf;
import dev.planetary.tls.Trust;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A Secret with a certificate, as it is. What is damaged is empty, and so made anew.
 *
 * @param name  its name
 * @param live  what the API server has under it
 * @param trust the authorities it trusts
 * @param since since when
 * @param leaf  the certificate it shows
 * @param token the cluster's token
 */
record Issued(
        String name, Optional<Secret> live, Trust trust, Instant since, Optional<Leaf> leaf, Optional<String> token) {

    /** @param made what was issued a moment ago, and needs no check */
    static Issued of(String name, Optional<Secret> live, Map<KeyPairPem, Leaf> made, Instant now) {
        return new Issued(
                name,
                live,
                read(live, ClusterSecrets.CA).map(pem -> Trust.of(pem, now)).orElse(Trust.NOTHING),
                live.map(s -> s.getMetadata().getAnnotations())
                        .map(a -> a.get(ClusterSecrets.TRUSTS_SINCE))
                        .flatMap(Issued::instant)
                        .orElse(Instant.EPOCH),
                read(live, ClusterSecrets.CERTIFICATE)
                        .flatMap(c -> read(live, ClusterSecrets.KEY).map(k -> new KeyPairPem(c, k)))
                        .flatMap(pair -> Optional.ofNullable(made.get(pair))
                                .or(() -> Leaf.of(pair.certificate(), pair.privateKey()))),
                read(live.filter(ClusterSecrets::isManaged), ClusterSecrets.TOKEN)
                        .filter(token -> token.matches("[!-~]+")));
    }

    /** The same if that authority issued it, otherwise as if it were damaged. */
    Issued by(Authority authority) {
        return leaf.filter(l -> l.isBy(authority)).isPresent()
                ? this
                : new Issued(name, live, Trust.NOTHING, Instant.EPOCH, Optional.empty(), Optional.empty());
    }

    /** Which wish for another authority it fulfils; a Secret that is not there fulfils any. */
    boolean isOf(String rotation) {
        return live.map(Rotation::done).orElse(rotation).equals(rotation);
    }

    String text(String key) {
        return ClusterSecrets.read(live.orElseThrow(), key);
    }

    private static Optional<String> read(Optional<Secret> live, String key) {
        return live.filter(
                        s -> Optional.ofNullable(s.getData()).orElse(Map.of()).containsKey(key))
                .map(s -> ClusterSecrets.read(s, key));
    }

    private static Optional<Instant> instant(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
