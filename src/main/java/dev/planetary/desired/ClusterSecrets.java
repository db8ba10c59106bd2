package dev.planetary.desired;

import dev.planetary.tls.Authority;
import dev.planetary.tls.KeyPairPem;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** The three Secrets of a cluster: the CA's key, which nobody mounts; what pods need; what clients need. */
public final class ClusterSecrets {
    public static final String CA = "ca.crt";
    public static final String CERTIFICATE = "tls.crt";
    public static final String KEY = "tls.key";
    public static final String TOKEN = "token";

    private ClusterSecrets() {}

    public static Secret ca(ClusterModel model, Authority authority) {
        return secret(
                model,
                model.names().caSecret(),
                Map.of(CERTIFICATE, authority.certificatePem(), KEY, authority.keyPem()));
    }

    public static Secret pods(ClusterModel model, Authority authority, KeyPairPem leaf, String token) {
        return secret(model, model.names().podsSecret(), leaf(authority, leaf, token));
    }

    public static Secret client(ClusterModel model, Authority authority, KeyPairPem leaf, String token) {
        return secret(model, model.names().clientSecret(), leaf(authority, leaf, token));
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

    private static Map<String, String> leaf(Authority authority, KeyPairPem leaf, String token) {
        return Map.of(
                CA, authority.certificatePem(), CERTIFICATE, leaf.certificate(), KEY, leaf.privateKey(), TOKEN, token);
    }

    private static Secret secret(ClusterModel model, String name, Map<String, String> data) {
        var builder = new SecretBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(model.namespace())
                .withLabels(Labels.of(model.cluster().getMetadata().getName()))
                .withOwnerReferences(Labels.owner(model.cluster()))
                .endMetadata()
                .withType("Opaque");
        data.forEach((key, value) ->
                builder.addToData(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        return builder.build();
    }
}
