package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.util.Map;

/** The ConfigMaps that a cluster's pods mount. */
public final class ClusterConfigMaps {
    public static final String CA_BUNDLE_KEY = "ca-bundle.crt";

    private ClusterConfigMaps() {}

    /** Names preloads by what is in them: pods keep the ones they started with, whatever a later operator brings. */
    public static String hash(Map<String, String> preloads) {
        return Json.hash(preloads);
    }

    /** @param preloads file name to content */
    public static ConfigMap preload(ClusterModel model, Map<String, String> preloads) {
        return base(model, model.names().preload(model.preloadHash()))
                .withImmutable(true)
                .withData(preloads)
                .build();
    }

    /** @param bundle system CAs and the extra ones, PEM */
    public static ConfigMap trustedCa(ClusterModel model, String bundle) {
        return base(model, model.names().trustedCa())
                .addToData(CA_BUNDLE_KEY, bundle)
                .build();
    }

    private static ConfigMapBuilder base(ClusterModel model, String name) {
        return new ConfigMapBuilder().withMetadata(Labels.owned(model.cluster(), name));
    }
}
