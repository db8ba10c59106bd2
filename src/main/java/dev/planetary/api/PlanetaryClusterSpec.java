package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import java.util.List;

/** What a Dask cluster should be. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PlanetaryClusterSpec(
        @JsonPropertyDescription(
                        "Container image of scheduler and workers; any image with Python, dask and distributed."
                                + " Default: the operator's client image. A change replaces all pods.")
                @Size(min = 1, max = 1024)
                String image,
        @JsonPropertyDescription(
                        "When the image is pulled. Default: as Kubernetes does (Always for the tag latest, else IfNotPresent).")
                ImagePullPolicy imagePullPolicy,
        @JsonPropertyDescription("Secrets of this namespace with the registry's credentials.") @Size(max = 16)
                List<LocalObjectReference> imagePullSecrets,
        @JsonPropertyDescription(
                        "Environment of scheduler and workers. Secrets belong into secretKeyRef, never into value.")
                @Size(max = 256)
                List<EnvVar> env,
        @JsonPropertyDescription(
                        "ConfigMaps and Secrets of this namespace whose keys become environment variables of scheduler and workers.")
                @Size(max = 64)
                List<EnvFromSource> envFrom,
        @JsonPropertyDescription(
                        "ServiceAccount of the pods, of this namespace. Its token is not mounted. Default: default.")
                @Size(min = 1, max = 253)
                String serviceAccountName,
        @JsonPropertyDescription(
                        "true: no pods, everything else is kept; results held by workers are discarded. Default: false.")
                @Default("false")
                Boolean suspend,
        @JsonPropertyDescription("The Dask scheduler.") SchedulerSpec scheduler,
        @JsonPropertyDescription("The default worker group, the one that kubectl scale acts on.") WorkersSpec workers,
        @JsonPropertyDescription("How connections are secured.") TlsSpec tls) {

    public static final PlanetaryClusterSpec DEFAULT =
            new PlanetaryClusterSpec(null, null, null, null, null, null, null, null, null, null);

    public PlanetaryClusterSpec {
        imagePullSecrets = imagePullSecrets == null ? List.of() : List.copyOf(imagePullSecrets);
        env = env == null ? List.of() : List.copyOf(env);
        envFrom = envFrom == null ? List.of() : List.copyOf(envFrom);
        suspend = suspend != null && suspend;
        scheduler = scheduler == null ? SchedulerSpec.DEFAULT : scheduler;
        workers = workers == null ? WorkersSpec.DEFAULT : workers;
        tls = tls == null ? TlsSpec.DEFAULT : tls;
    }

    /** How many workers the default group should have now. */
    @JsonIgnore
    public int wantedWorkers() {
        return suspend ? 0 : workers.replicas();
    }

    /** The kubelet's pull policies. */
    public enum ImagePullPolicy {
        Always,
        IfNotPresent,
        Never
    }
}
