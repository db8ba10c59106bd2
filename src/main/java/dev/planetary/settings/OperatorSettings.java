package dev.planetary.settings;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * All settings of the operator; nothing else reads configuration. As environment variables: PLANETARY_CLIENT_IMAGE and so on.
 */
@ConfigMapping(prefix = "planetary")
public interface OperatorSettings {

    /** What this process is: one image, several roles, each with its own deployment. */
    enum Role {
        /** Reconciles clusters and jobs. */
        OPERATOR,
        /** Hands out tokens ({@link BrokerSettings}); it asks Kubernetes for nothing. */
        SAS_BROKER,
        /** Looks after node pools in Azure ({@link AzureSettings}); the only one with rights there. */
        AZURE
    }

    /** As {@code operator}, {@code sas-broker} or {@code azure}. */
    @WithDefault("operator")
    Role role();

    /** Image of clusters that name none. An operator does not start without it. */
    Optional<String> clientImage();

    /**
     * Where pods get their Planetary Computer tokens: the broker's address, or another one's with the same API, up to but without
     * {@code /api/sas/v1}. Unset: pods are told nothing, and each asks the Planetary Computer by itself.
     */
    Optional<String> sasUrl();

    /** Namespace the operator runs in; its trusted-CA ConfigMap is there. */
    @WithDefault("planetary-system")
    String namespace();

    /**
     * The namespaces whose clusters this operator looks after; it then needs rights there only. Unset: all. Handed to the SDK by
     * application.properties. Two operators must not look after the same namespace.
     */
    Optional<List<String>> watchNamespaces();

    /**
     * Name of a ConfigMap in {@link #namespace} with CA certificates (PEM, key {@code ca.crt}) that every Dask pod trusts beside the
     * public ones: for company proxies and private endpoints. Unset: pods trust what their image trusts.
     */
    Optional<String> trustedCaConfigMap();

    /** The public CAs that the extra ones are added to (PEM). */
    @WithDefault("/etc/ssl/certs/ca-certificates.crt")
    Path systemCaBundle();

    /** How long fewer workers must have been enough before an autoscaled group gives some back. */
    @WithDefault("PT1M")
    Duration scaleDownAfter();

    /**
     * The STAC API that says in which region a collection lies, without a slash at the end; it is asked once a day per collection of
     * some cluster's {@code spec.data}. Empty: nobody is asked.
     */
    @WithDefault("https://planetarycomputer.microsoft.com/api/stac/v1")
    Optional<String> stacUrl();

    /** How long an answer of {@link #stacUrl} may take. A cluster that requires to be near its data has no pods before the first one. */
    @WithDefault("PT10S")
    Duration stacTimeout();

    /** Region of data of which neither the user nor the catalogue says where it is. Empty: that is not known then. */
    @WithDefault("westeurope")
    Optional<String> dataRegion();

    /**
     * Whether nodes are watched, so that workers leave a node that announces its end before it is drained, and the regions of nodes are
     * known, and node pools, so that workers may run on them. Needs cluster-scoped rights; without them the workers' own preStop hook
     * retires them, in the time that their node gives, and {@code nodePool} is refused.
     */
    @WithDefault("true")
    boolean nodeWatch();

    /** Life of a cluster's certificate authority. */
    @WithDefault("P365D")
    Duration caLife();

    /** Life of the certificates it issues. */
    @WithDefault("P90D")
    Duration certificateLife();

    /**
     * How long it may take until every pod has a changed Secret. So long a new certificate authority is trusted before it is used. The
     * kubelet looks once in its sync period (1 min) and may know a Secret from a minute ago.
     */
    @WithDefault("PT5M")
    Duration secretDelivery();

    /** What the clusters of one namespace may have together. */
    LimitSettings limits();

    /**
     * Each is a limit of every namespace by itself; unset: none. {@code …-of} gives single namespaces another one, as
     * {@code team-a=20,team-b=5}. Suspended and stopped clusters do not count. Read when the operator starts: a limit that is lowered
     * takes nothing from clusters that run, it keeps them from having more.
     */
    interface LimitSettings {
        /** Clusters that have pods. */
        Optional<String> clusters();

        /** Dask workers. */
        Optional<String> workers();

        /** CPUs of schedulers and workers, such as 64 or 500m: a container's limit, or, without one, its request. */
        Optional<String> cores();

        /** Memory of schedulers and workers, such as 512Gi, counted like cores. */
        Optional<String> memory();

        /** {@link #clusters} of single namespaces. */
        Optional<List<String>> clustersOf();

        /** {@link #workers} of single namespaces. */
        Optional<List<String>> workersOf();

        /** {@link #cores} of single namespaces. */
        Optional<List<String>> coresOf();

        /** {@link #memory} of single namespaces. */
        Optional<List<String>> memoryOf();
    }
}
