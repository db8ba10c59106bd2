package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import dev.planetary.api.OnChange.Effect;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a Dask cluster should be. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PlanetaryClusterSpec(
        @OnChange(Effect.REPLACES_ALL)
                @JsonPropertyDescription(
                        "Container image of scheduler and workers; any image with Python, dask and distributed."
                                + " Default: the operator's client image. A change replaces all pods.")
                @Size(min = 1, max = 1024)
                String image,
        @OnChange(Effect.REPLACES_ALL)
                @JsonPropertyDescription(
                        "When the image is pulled. Default: as Kubernetes does (Always for the tag latest, else IfNotPresent).")
                ImagePullPolicy imagePullPolicy,
        @OnChange(Effect.REPLACES_ALL)
                @JsonPropertyDescription("Secrets of this namespace with the registry's credentials.")
                @Size(max = 16)
                List<LocalObjectReference> imagePullSecrets,
        @OnChange(Effect.REPLACES_ALL)
                @JsonPropertyDescription(
                        "Environment of scheduler and workers. Secrets belong into secretKeyRef, never into value.")
                @Size(max = 256)
                List<EnvVar> env,
        @OnChange(Effect.REPLACES_ALL)
                @JsonPropertyDescription(
                        "ConfigMaps and Secrets of this namespace whose keys become environment variables of scheduler and workers.")
                @Size(max = 64)
                List<EnvFromSource> envFrom,
        @OnChange(Effect.REPLACES_ALL)
                @JsonPropertyDescription(
                        "ServiceAccount of the pods, of this namespace. Its token is not mounted. Default: default.")
                @Size(min = 1, max = 253)
                String serviceAccountName,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "true: no pods, everything else is kept; results held by workers are discarded. Default: false.")
                @Default("false")
                Boolean suspend,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "How long nobody may use the cluster before onExpiry happens, in h, m and s, such as 30m or 1h30m; 0s is never, else 10s"
                                + " to 720h. Used is a cluster while a task runs or waits, or when a client sends more than a heartbeat;"
                                + " one whose scheduler does not answer is not idle. A Warning event ExpiresSoon comes 5 minutes before, or at half of"
                                + " a time below 10m. Default: 20m.")
                @Size(max = 32)
                String idleTimeout,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "How long after status.startedAt onExpiry happens, whatever runs, in h, m and s, such as 24h; 0s is never, else 10s to 8760h."
                                + " It is warned of as for idleTimeout. Default: never.")
                @Size(max = 32)
                String maxLifetime,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "What happens at the end of idleTimeout or maxLifetime; both discard the results that workers hold. Stop: all pods go, the object"
                                + " stays, until the annotation planetary.dev/start is set to a time later than status.stoppedAt (RFC 3339;"
                                + " one that is still to come is waited for) or spec changes. Delete: the object goes too. Default: Stop.")
                OnExpiry onExpiry,
        @OnChange(Effect.REPLACES_SCHEDULER) @JsonPropertyDescription("The Dask scheduler.") SchedulerSpec scheduler,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription("The default worker group, the one that kubectl scale acts on.")
                WorkersSpec workers,
        @OnChange(Effect.REPLACES_WORKERS)
                @JsonPropertyDescription("Further groups of workers, such as ones with GPUs or more memory.")
                @Size(max = 16)
                List<WorkersSpec> workerGroups,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "Which data the cluster reads, so that it runs next to it. Default: nobody looks.")
                DataSpec data,
        @OnChange(Effect.REPLACES_ALL)
                @JsonPropertyDescription(
                        "How connections are secured. A change replaces scheduler and workers, and with them all results.")
                TlsSpec tls,
        @OnChange(Effect.LIVE) @JsonPropertyDescription("Who may reach the cluster's pods, and what they may reach.")
                NetworkPolicySpec networkPolicy) {

    /** The name of {@link #workers}. */
    public static final String DEFAULT_GROUP = "default";

    private static final String DEFAULT_IDLE_TIMEOUT = "20m";
    private static final String NEVER = "0s";

    public static final PlanetaryClusterSpec DEFAULT = new PlanetaryClusterSpec(
            null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

    public PlanetaryClusterSpec {
        imagePullSecrets = imagePullSecrets == null ? List.of() : List.copyOf(imagePullSecrets);
        env = env == null ? List.of() : List.copyOf(env);
        envFrom = envFrom == null ? List.of() : List.copyOf(envFrom);
        suspend = suspend != null && suspend;
        scheduler = scheduler == null ? SchedulerSpec.DEFAULT : scheduler;
        workers = workers == null ? WorkersSpec.DEFAULT : workers;
        workerGroups = workerGroups == null ? List.of() : List.copyOf(workerGroups);
        tls = tls == null ? TlsSpec.DEFAULT : tls;
        networkPolicy = networkPolicy == null ? NetworkPolicySpec.DEFAULT : networkPolicy;
    }

    /** Whether any group follows the work. */
    @JsonIgnore
    public boolean autoscaled() {
        return groups().values().stream().anyMatch(g -> g.autoscale() != null);
    }

    /** All groups by name, the default one first. */
    @JsonIgnore
    public Map<String, WorkersSpec> groups() {
        var groups = new LinkedHashMap<String, WorkersSpec>();
        groups.put(DEFAULT_GROUP, workers);
        workerGroups.forEach(g -> groups.put(g.name(), g));
        return Collections.unmodifiableMap(groups);
    }

    /** {@link #data}; empty: nobody looks where it is. */
    public Optional<DataSpec> located() {
        return Optional.ofNullable(data).filter(DataSpec::matters);
    }

    /** The same cluster, reading this. */
    public PlanetaryClusterSpec reading(DataSpec other) {
        return new PlanetaryClusterSpec(
                image,
                imagePullPolicy,
                imagePullSecrets,
                env,
                envFrom,
                serviceAccountName,
                suspend,
                idleTimeout,
                maxLifetime,
                onExpiry,
                scheduler,
                workers,
                workerGroups,
                other,
                tls,
                networkPolicy);
    }

    /** {@link #idleTimeout}; empty: never. */
    public Optional<Duration> idleLimit() {
        return limit(idleTimeout == null ? DEFAULT_IDLE_TIMEOUT : idleTimeout);
    }

    /** {@link #maxLifetime}; empty: never. */
    public Optional<Duration> lifetimeLimit() {
        return limit(maxLifetime == null ? NEVER : maxLifetime);
    }

    public boolean deletesOnExpiry() {
        return onExpiry == OnExpiry.Delete;
    }

    private static Optional<Duration> limit(String time) {
        return Optional.of(Durations.parse(time)).filter(Duration::isPositive);
    }

    /** What the end of a cluster's time is. */
    public enum OnExpiry {
        Stop,
        Delete
    }

    /** The kubelet's pull policies. */
    public enum ImagePullPolicy {
        Always,
        IfNotPresent,
        Never
    }
}
