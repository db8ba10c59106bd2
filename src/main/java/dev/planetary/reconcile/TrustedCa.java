package dev.planetary.reconcile;

import dev.planetary.settings.OperatorSettings;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Optional;

/**
 * The CAs that every Dask pod is to trust: the public ones and the platform's own, in one bundle, for GDAL, requests and aiohttp each
 * read one file. Read once: a changed ConfigMap reaches clusters when the operator restarts.
 */
final class TrustedCa {
    static final String KEY = "ca.crt";

    private final Optional<String> bundle;

    private TrustedCa(Optional<String> bundle) {
        this.bundle = bundle;
    }

    /** @throws IllegalStateException if the settings name a ConfigMap that is not there or lacks the key */
    static TrustedCa read(KubernetesClient client, OperatorSettings settings) {
        return new TrustedCa(settings.trustedCaConfigMap().map(name -> {
            var map = client.configMaps()
                    .inNamespace(settings.namespace())
                    .withName(name)
                    .get();
            if (map == null || map.getData() == null || map.getData().get(KEY) == null) {
                throw new IllegalStateException(
                        "planetary.trusted-ca-config-map: ConfigMap %s/%s with key %s is not there; make it, or unset the setting"
                                .formatted(settings.namespace(), name, KEY));
            }
            return publicCas(settings) + "\n" + map.getData().get(KEY);
        }));
    }

    Optional<String> bundle() {
        return bundle;
    }

    private static String publicCas(OperatorSettings settings) {
        try {
            return Files.readString(settings.systemCaBundle());
        } catch (IOException e) {
            throw new UncheckedIOException("planetary.system-ca-bundle cannot be read", e);
        }
    }
}
