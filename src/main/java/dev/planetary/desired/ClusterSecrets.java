package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.tls.Authority;
import dev.planetary.tls.KeyPairPem;
import dev.planetary.tls.Trust;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The three Secrets of a cluster: the CA's key, which nobody mounts; what pods need; what clients need. Where certificates are not ours, the
 * clients' alone, with the token, which pods mount too.
 */
public final class ClusterSecrets {
    public static final String CA = "ca.crt";
    public static final String CERTIFICATE = "tls.crt";
    public static final String KEY = "tls.key";
    public static final String TOKEN = "token";
    /** Annotation of the pods' and the clients' Secret: since when it trusts what it trusts (RFC 3339). */
    static final String TRUSTS_SINCE = PlanetaryCluster.GROUP + "/trusts-since";

    /** Annotation of a Secret with the token alone: the mode it was made for. A token that went over plain connections serves no other. */
    private static final String MADE_FOR = PlanetaryCluster.GROUP + "/tls-mode";

    private ClusterSecrets() {}

    /** @param rotation which wish for another authority this one fulfils; empty: none */
    public static Secret ca(ClusterModel model, Authority authority, String rotation) {
        return annotated(
                secret(
                        model,
                        model.names().caSecret(),
                        Map.of(CERTIFICATE, authority.certificatePem(), KEY, authority.keyPem())),
                Rotation.mark(rotation));
    }

    /** What those hold who show a certificate. */
    record Content(Trust trust, Instant since, KeyPairPem leaf, String token, String rotation) {
        @Override
        public String toString() {
            return "Content[…]";
        }
    }

    static Secret leaf(ClusterModel model, String name, Content content) {
        var data = Map.of(
                CA,
                content.trust.pem(),
                CERTIFICATE,
                content.leaf.certificate(),
                KEY,
                content.leaf.privateKey(),
                TOKEN,
                content.token);
        return annotated(
                annotated(secret(model, name, data), Map.of(TRUSTS_SINCE, content.since.toString())),
                Rotation.mark(content.rotation));
    }

    /**
     * The clients' Secret where certificates are not ours: a token and nothing else.
     *
     * @param rotation which wish for another token it fulfils; empty: none
     */
    public static Secret token(ClusterModel model, String token, String rotation) {
        var secret = secret(model, model.names().clientSecret(), Map.of(TOKEN, token));
        return annotated(annotated(secret, Map.of(MADE_FOR, mode(model))), Rotation.mark(rotation));
    }

    /** Whether a live Secret is what {@link #token} makes for this mode. */
    public static boolean isToken(ClusterModel model, Secret live) {
        return mode(model).equals(madeFor(live))
                && live.getData() != null
                && live.getData().keySet().equals(Set.of(TOKEN))
                && isToken(read(live, TOKEN));
    }

    /** Whether a text can be a token: it is sent in a header. */
    static boolean isToken(String text) {
        return text.matches("[!-~]{32,}");
    }

    /** Whether it was made beside certificates of ours. */
    static boolean isManaged(Secret live) {
        return madeFor(live).isEmpty();
    }

    /** A live Secret with other content; whatever else others wrote on it stays. */
    public static Secret onto(Secret live, Secret wanted) {
        var annotations = wanted.getMetadata().getAnnotations();
        return annotated(
                new SecretBuilder(live)
                        .editMetadata()
                        .removeFromAnnotations(MADE_FOR)
                        .endMetadata()
                        .withData(wanted.getData())
                        .build(),
                annotations == null ? Map.of() : annotations);
    }

    /** Names of the scheduler's Service; Dask checks none, browsers and proxies do. */
    public static List<String> dnsNames(ClusterModel model) {
        return List.of(
                model.names().service(), model.host(), model.host() + ".cluster.local", "localhost", "127.0.0.1");
    }

    /** @throws IllegalStateException if the Secret lacks the key */
    public static String read(Secret secret, String key) {
        var data = secret.getData();
        if (data == null || data.get(key) == null) {
            throw new IllegalStateException("Secret %s has no key %s: delete it, and the operator makes it anew"
                    .formatted(secret.getMetadata().getName(), key));
        }
        return new String(Base64.getDecoder().decode(data.get(key)), StandardCharsets.UTF_8);
    }

    private static String mode(ClusterModel model) {
        return model.accepted().pods().tls().mode().name();
    }

    private static String madeFor(Secret live) {
        return Optional.ofNullable(live.getMetadata().getAnnotations())
                .map(a -> a.get(MADE_FOR))
                .orElse("");
    }

    private static Secret annotated(Secret secret, Map<String, String> annotations) {
        return new SecretBuilder(secret)
                .editMetadata()
                .addToAnnotations(annotations)
                .endMetadata()
                .build();
    }

    private static Secret secret(ClusterModel model, String name, Map<String, String> data) {
        var builder = new SecretBuilder()
                .withMetadata(Labels.owned(model.cluster(), name))
                .withType("Opaque");
        data.forEach((key, value) ->
                builder.addToData(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        return builder.build();
    }
}
