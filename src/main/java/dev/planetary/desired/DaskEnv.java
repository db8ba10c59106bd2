package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import java.util.ArrayList;
import java.util.List;

/** The environment every Dask pod gets (docs/pod-contract.md). */
final class DaskEnv {
    static final String REQUIRE_ENCRYPTION = "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION";
    private static final String TLS = "DASK_DISTRIBUTED__COMM__TLS__";
    static final String CA_FILE = TLS + "CA_FILE";
    /** Who shows a certificate: each has a CERT and a KEY. */
    static final List<String> CERTIFICATES = List.of(
            TLS + "SCHEDULER__", TLS + "WORKER__", TLS + "CLIENT__", "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__TLS__");
    /** GDAL reads the first only (rasterio's wheels preset the others away); requests the second and third; aiohttp and obstore the last. */
    private static final List<String> CA_BUNDLE =
            List.of("GDAL_CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE");

    private DaskEnv() {}

    static List<EnvVar> of(ClusterModel model) {
        var env = new ArrayList<EnvVar>();
        env.add(field("PLANETARY_NAMESPACE", "metadata.namespace"));
        env.add(field("PLANETARY_POD_NAME", "metadata.name"));
        env.add(field("PLANETARY_POD_UID", "metadata.uid"));
        env.add(value("PLANETARY_CLUSTER", model.cluster().getMetadata().getName()));
        env.add(value("PLANETARY_TOKEN_FILE", DaskPod.TLS_PATH + "/token"));
        env.add(value("PLANETARY_SCHEDULER_URL", model.schedulerUrl()));
        env.add(value("DASK_SCHEDULER_ADDRESS", model.schedulerAddress()));
        env.addAll(model.transport().env());
        env.add(value("DASK_TEMPORARY_DIRECTORY", DaskPod.HOME));
        env.add(value("HOME", DaskPod.HOME));
        model.trustedCaName()
                .ifPresent(name -> CA_BUNDLE.forEach(
                        variable -> env.add(value(variable, DaskPod.CA_PATH + "/" + ClusterConfigMaps.CA_BUNDLE_KEY))));
        return env;
    }

    /**
     * What holds unless the user's spec says otherwise: where tokens come from, as the planetary_computer package and obstore ask for it,
     * and GDAL ({@code pc_url_signing}).
     */
    static List<EnvVar> defaults(ClusterModel model) {
        return model.sasUrl()
                .map(url -> url + "/api/sas/v1")
                .map(api -> List.of(
                        value("PC_SDK_SAS_URL", api + "/token"),
                        value("VSICURL_PC_SAS_TOKEN_URL", api + "/token/"),
                        value("VSICURL_PC_SAS_SIGN_HREF_URL", api + "/sign?href=")))
                .orElse(List.of());
    }

    /** "off": code of the cluster or job signs what it reads by itself. The one variable of ours that users set. */
    static final String SIGNING = "PLANETARY_SIGNING";

    /** Variables that neither the spec nor a template changes: without them the pod is not this cluster's. */
    static List<String> ownedNames() {
        var names = new ArrayList<>(List.of(
                "PLANETARY_NAMESPACE",
                "PLANETARY_POD_NAME",
                "PLANETARY_POD_UID",
                "PLANETARY_CLUSTER",
                "PLANETARY_GROUP",
                "PLANETARY_DRAIN_TIMEOUT",
                "PLANETARY_TOKEN_FILE",
                "PLANETARY_SCHEDULER_URL",
                "DASK_SCHEDULER_ADDRESS",
                REQUIRE_ENCRYPTION,
                CA_FILE));
        CERTIFICATES.forEach(prefix -> names.addAll(List.of(prefix + "CERT", prefix + "KEY")));
        return names;
    }

    static EnvVar value(String name, String value) {
        return new EnvVarBuilder().withName(name).withValue(value).build();
    }

    private static EnvVar field(String name, String path) {
        return new EnvVarBuilder()
                .withName(name)
                .withNewValueFrom()
                .withNewFieldRef()
                .withApiVersion("v1")
                .withFieldPath(path)
                .endFieldRef()
                .endValueFrom()
                .build();
    }
}
