package dev.planetary.validate;

import dev.planetary.desired.ClusterSecrets;
import dev.planetary.status.Finding;
import dev.planetary.tls.Credentials;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What lies in the Secret that {@code spec.tls.secretName} names: certificates that peers will take, or what is wrong with them. */
public sealed interface ProvidedSecret {
    /** As it should be. */
    record Usable(Credentials credentials) implements ProvidedSecret {}

    /** Not there yet, or not good; nobody but its owner can mend it. */
    record Unusable(Finding finding) implements ProvidedSecret {}

    /** @param live empty: there is none */
    static ProvidedSecret read(String name, Optional<Secret> live, Instant now) {
        if (live.isEmpty()) {
            return new Unusable(new Finding(
                    false,
                    "SecretNotFound",
                    "Secret %s, which spec.tls.secretName names, is not there: make it in this namespace, with tls.crt, tls.key and ca.crt; it is looked for every half minute"
                            .formatted(name)));
        }
        var data = Optional.ofNullable(live.get().getData()).orElse(Map.of());
        var missing = Stream.of(ClusterSecrets.CERTIFICATE, ClusterSecrets.KEY, ClusterSecrets.CA)
                .filter(key -> data.getOrDefault(key, "").isBlank())
                .toList();
        if (!missing.isEmpty()) {
            return invalid(
                    name,
                    "has no %s: it wants tls.crt, tls.key and ca.crt, the authorities that peers are to trust"
                            .formatted(String.join(", ", missing)));
        }
        try {
            return new Usable(Credentials.of(
                    text(data, ClusterSecrets.CERTIFICATE),
                    text(data, ClusterSecrets.KEY),
                    text(data, ClusterSecrets.CA),
                    now));
        } catch (IllegalArgumentException e) {
            return invalid(name, "cannot be used: " + e.getMessage());
        }
    }

    private static Unusable invalid(String name, String what) {
        return new Unusable(new Finding(
                true,
                "InvalidSecret",
                "Secret %s, which spec.tls.secretName names, %s; it is looked at again every half minute"
                        .formatted(name, what)));
    }

    private static String text(Map<String, String> data, String key) {
        return new String(Base64.getDecoder().decode(data.get(key)), StandardCharsets.UTF_8);
    }
}
