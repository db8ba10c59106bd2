package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crd.generator.annotation.PreserveUnknownFields;
import io.fabric8.crd.generator.annotation.SchemaFrom;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.AnyType;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What is to be computed, and on which Dask cluster. Written without empty lists: {@code command: []} would be a command. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PlanetaryJobSpec(
        @JsonPropertyDescription(
                        "A PlanetaryCluster of this namespace to run on. While it is missing or suspended the job waits; a stopped one is started"
                                + " if the job is newer than the stop.")
                ClusterRef clusterRef,
        @JsonPropertyDescription("A cluster of the job's own, made and freed with it: the spec of a PlanetaryCluster.")
                PlanetaryClusterSpec cluster,
        @JsonPropertyDescription(
                        "Python program, run as python -u script.py. Client() without arguments connects to the cluster.")
                @Size(min = 1, max = 262144)
                String script,
        @JsonPropertyDescription("The same, out of a ConfigMap.") ScriptFrom scriptFrom,
        @JsonPropertyDescription(
                        "Program to run instead of a script; not in a shell. The image needs Python all the same.")
                @Size(min = 1, max = 256)
                List<String> command,
        @JsonPropertyDescription("Arguments of command. Default: none.") @Size(max = 256) List<String> args,
        @JsonPropertyDescription(
                        "Container image of the runner, with the Python and Dask versions of the cluster's. Default: the image of the cluster.")
                @Size(min = 1, max = 1024)
                String image,
        @JsonPropertyDescription("Environment of the runner. Secrets belong into secretKeyRef, never into value.")
                @Size(max = 256)
                List<EnvVar> env,
        @JsonPropertyDescription(
                        "ConfigMaps and Secrets of this namespace whose keys become environment variables of the runner.")
                @Size(max = 64)
                List<EnvFromSource> envFrom,
        @JsonPropertyDescription(
                        "CPU and memory of the runner, which only speaks to the cluster. Default: requests of 0.1 CPU and 256Mi, a memory limit of 2Gi.")
                ResourceRequirements resources,
        @JsonPropertyDescription(
                        "metadata and spec of a pod, laid over the runner's: maps merge deeply; containers, initContainers,"
                                + " volumes and env by name, volumeMounts by mountPath; tolerations are added; other lists replace. The container is named runner."
                                + " Command, restartPolicy, owner, identity labels and TLS stay the operator's. Changed after the job has started it is not used.")
                @PreserveUnknownFields
                @SchemaFrom(type = AnyType.class)
                Map<String, Object> template,
        @JsonPropertyDescription(
                        "Which data the program reads, so that it runs next to it; condition DataLocal says whether it does. The job's own cluster is"
                                + " made with it, as if it were written in cluster. A cluster that is only referred to keeps its pods where they are:"
                                + " with locality Require the program is not started there while that is far from the data. Default: cluster.data;"
                                + " without it nobody looks.")
                DataSpec data,
        @JsonPropertyDescription(
                        "Values for the program: each is the variable PARAM_<NAME>, its name in upper case and with _ for what is neither letter nor"
                                + " digit, and a field of the JSON object in the file $PLANETARY_PARAMETERS_FILE. Default: none.")
                Map<String, String> parameters,
        @JsonPropertyDescription(
                        "How often the program is run again after it failed. A retry waits until the cluster lives. Default: 0.")
                @Min(0)
                @Max(100)
                Integer retries,
        @JsonPropertyDescription(
                        "Longest wait for the program to start, the wait for its cluster included, in h, m and s, such as 30m; it counts again after each"
                                + " attempt and after suspend; 0s is for ever, else 1s to 720h. Default: 30m.")
                @Size(max = 32)
                String startDeadline,
        @JsonPropertyDescription(
                        "Longest time from the program's first start to its end, retries included, in h, m and s, such as 2h; it counts again after"
                                + " suspend; 0s is for ever, else 1s to 8760h. Default: for ever.")
                @Size(max = 32)
                String activeDeadline,
        @JsonPropertyDescription(
                        "How long after its end the job is deleted, in h, m and s, such as 24h: 60s to 8760h. Leave it out where a GitOps controller"
                                + " applies the job: it would make it again, and run it again. Default: never.")
                @Size(max = 32)
                String ttlAfterFinished,
        @JsonPropertyDescription(
                        "What becomes of the job's own cluster when the job ends. Delete; Stop: its pods go, the object stays until the job is deleted;"
                                + " Keep: it stays, also after the job. Default: Delete.")
                ClusterAfter clusterAfter,
        @JsonPropertyDescription(
                        "Where the program may leave results larger than 3 KiB. Default: nowhere but where it writes itself.")
                Output output,
        @JsonPropertyDescription("Where the whole log of each attempt is kept. Default: in the runner's pod only.")
                Logs logs,
        @JsonPropertyDescription(
                        "true: no pods; a running program is ended, and begins anew when suspend is false again. Its own cluster goes meanwhile."
                                + " Default: false.")
                @Default("false")
                Boolean suspend) {

    private static final String DEFAULT_START_DEADLINE = "30m";

    public PlanetaryJobSpec {
        command = command == null ? List.of() : List.copyOf(command);
        args = args == null ? List.of() : List.copyOf(args);
        env = env == null ? List.of() : List.copyOf(env);
        envFrom = envFrom == null ? List.of() : List.copyOf(envFrom);
        template = Copies.ordered(template);
        parameters = Copies.ordered(parameters);
        retries = retries == null ? 0 : retries;
        suspend = suspend != null && suspend;
    }

    /** {@link #startDeadline}; empty: for ever. */
    @JsonIgnore
    public Optional<Duration> startLimit() {
        return limit(startDeadline == null ? DEFAULT_START_DEADLINE : startDeadline);
    }

    /** {@link #activeDeadline}; empty: for ever. */
    @JsonIgnore
    public Optional<Duration> activeLimit() {
        return activeDeadline == null ? Optional.empty() : limit(activeDeadline);
    }

    /** {@link #ttlAfterFinished}; empty: it is kept. */
    @JsonIgnore
    public Optional<Duration> timeToLive() {
        return ttlAfterFinished == null ? Optional.empty() : limit(ttlAfterFinished);
    }

    @JsonIgnore
    public ClusterAfter afterwards() {
        return clusterAfter == null ? ClusterAfter.Delete : clusterAfter;
    }

    /** {@link #cluster}, reading {@link #data}; empty: it runs on one that is there. */
    @JsonIgnore
    public Optional<PlanetaryClusterSpec> ownCluster() {
        return Optional.ofNullable(cluster).map(c -> data == null ? c : c.reading(data));
    }

    /** What is read, in whichever place it is written; empty: nobody looks where it is. */
    @JsonIgnore
    public Optional<DataSpec> located() {
        return ownCluster().map(PlanetaryClusterSpec::located).orElseGet(() -> Optional.ofNullable(data)
                .filter(DataSpec::matters));
    }

    private static Optional<Duration> limit(String time) {
        return Optional.of(Durations.parse(time)).filter(Duration::isPositive);
    }

    /** What becomes of a job's own cluster. */
    public enum ClusterAfter {
        Delete,
        Stop,
        Keep
    }

    /** A cluster by its name. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record ClusterRef(
            @JsonPropertyDescription("Name of the PlanetaryCluster.") @Required @Size(min = 1, max = 40) String name) {}

    /** Where a script comes from. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record ScriptFrom(
            @JsonPropertyDescription("A key of a ConfigMap of this namespace. It is read when an attempt starts.")
                    @Required
                    KeyRef configMapKeyRef) {}

    /** A key of an object. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record KeyRef(
            @JsonPropertyDescription("Name of the object.") @Required @Size(min = 1, max = 253) String name,
            @JsonPropertyDescription("The key in it.") @Required @Size(min = 1, max = 253) String key) {}

    /** Where large results go. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Output(
            @JsonPropertyDescription(
                            "A claim, mounted at $PLANETARY_OUTPUT (/output): the folder <job>-<first 5 of its uid> in it.")
                    Pvc pvc,
            @JsonPropertyDescription(
                            "Azure Blob Storage: $PLANETARY_OUTPUT_URL is <url>/<job>-<first 5 of its uid>, and the variables that secretName tells of are set.")
                    AzureBlob azureBlob) {}

    /** Where logs go. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Logs(
            @JsonPropertyDescription(
                            "A claim: each attempt's log is <namespace>/<job>-<first 5 of its uid>/<name of the runner's pod>.log in it.")
                    Pvc pvc,
            @JsonPropertyDescription(
                            "Azure Blob Storage: each attempt's log is <url>/<name of the runner's pod>.log, which grows while the program runs.")
                    AzureBlob azureBlob) {}

    /** A PersistentVolumeClaim. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Pvc(
            @JsonPropertyDescription(
                            "Name of a PersistentVolumeClaim of this namespace that the group 1000 (fsGroup) can write to.")
                    @Required
                    @Size(min = 1, max = 253)
                    String claimName) {}

    /** A container in Azure Blob Storage, or a folder in it. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record AzureBlob(
            @JsonPropertyDescription(
                            "The container and, if wanted, a folder: https://<account>.blob.core.windows.net/<container>/<folder>; without a token.")
                    @Required
                    @Size(min = 1, max = 1024)
                    String url,
            @JsonPropertyDescription(
                            "Secret of this namespace with one of the keys AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_KEY and"
                                    + " AZURE_STORAGE_SAS_TOKEN. Default: workload identity, by the ServiceAccount of the cluster's pods.")
                    @Size(min = 1, max = 253)
                    String secretName) {}
}
