package dev.planetary.desired;

import dev.planetary.api.TlsSpec;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a cluster's pods, its clients and the operator speak with each other, and which Secrets hold what they show: one for each {@code
 * spec.tls.mode}. What lies in {@value DaskPod#TLS_PATH} has the same names in all of them.
 */
public sealed interface Transport {
    /** The name of the volume in pods. */
    String VOLUME = "tls";

    /** Group-readable by fsGroup: Dask refuses nothing, but other users of a shared pod should not read keys. */
    int MODE = 0440;

    /** Mutual TLS: certificates of the cluster's own authority, in a Secret for pods and one for clients. */
    record Managed(Names names) implements Transport {
        @Override
        public Volume volume() {
            return new VolumeBuilder()
                    .withName(VOLUME)
                    .withNewSecret()
                    .withSecretName(names.podsSecret())
                    .withDefaultMode(MODE)
                    .endSecret()
                    .build();
        }
    }

    /** Mutual TLS: the certificate of somebody else's Secret, for pods, clients and all; beside it the token, in a Secret of ours. */
    record Provided(Names names, String secretName) implements Transport {
        @Override
        public Volume volume() {
            return new VolumeBuilder()
                    .withName(VOLUME)
                    .withNewProjected()
                    .withDefaultMode(MODE)
                    .addNewSource()
                    .withNewSecret()
                    .withName(secretName)
                    .withItems(item(ClusterSecrets.CA), item(ClusterSecrets.CERTIFICATE), item(ClusterSecrets.KEY))
                    .endSecret()
                    .endSource()
                    .addNewSource()
                    .withNewSecret()
                    .withName(names.clientSecret())
                    .withItems(item(ClusterSecrets.TOKEN))
                    .endSecret()
                    .endSource()
                    .endProjected()
                    .build();
        }
    }

    /** No TLS: plain connections, and the token on HTTP routes. */
    record Plain(Names names) implements Transport {
        @Override
        public Volume volume() {
            return new VolumeBuilder()
                    .withName(VOLUME)
                    .withNewSecret()
                    .withSecretName(names.clientSecret())
                    .withItems(item(ClusterSecrets.TOKEN))
                    .withDefaultMode(MODE)
                    .endSecret()
                    .build();
        }
    }

    static Transport of(TlsSpec tls, Names names) {
        return switch (tls.mode()) {
            case Managed -> new Managed(names);
            case Provided -> new Provided(names, tls.secretName());
            case Off -> new Plain(names);
        };
    }

    /** What pods mount at {@value DaskPod#TLS_PATH}; never as subPath, so that renewals arrive. */
    Volume volume();

    /** Whether peers show certificates. */
    default boolean encrypted() {
        return !(this instanceof Plain);
    }

    /** Dask's name of the protocol; also the scheme of addresses. */
    default String protocol() {
        return encrypted() ? "tls" : "tcp";
    }

    /** What the HTTP routes speak. */
    default String http() {
        return encrypted() ? "https" : "http";
    }

    /** Dask's settings. */
    default List<EnvVar> env() {
        if (!encrypted()) {
            // Said, and not left out: an image may have settings of its own.
            return List.of(DaskEnv.value(DaskEnv.REQUIRE_ENCRYPTION, "False"));
        }
        var env = new ArrayList<EnvVar>();
        env.add(DaskEnv.value(DaskEnv.REQUIRE_ENCRYPTION, "True"));
        env.add(DaskEnv.value(DaskEnv.CA_FILE, file(ClusterSecrets.CA)));
        DaskEnv.CERTIFICATES.forEach(prefix -> Stream.of(
                        DaskEnv.value(prefix + "CERT", file(ClusterSecrets.CERTIFICATE)),
                        DaskEnv.value(prefix + "KEY", file(ClusterSecrets.KEY)))
                .forEach(env::add));
        return List.copyOf(env);
    }

    private static String file(String key) {
        return DaskPod.TLS_PATH + "/" + key;
    }

    private static KeyToPath item(String key) {
        return new KeyToPath(key, null, key);
    }
}
