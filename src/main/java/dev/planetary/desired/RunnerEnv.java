package dev.planetary.desired;

import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobSpec.AzureBlob;
import dev.planetary.api.PlanetaryJobSpec.Logs;
import dev.planetary.api.PlanetaryJobSpec.Output;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** The environment of a runner beside that of every Dask pod (docs/pod-contract.md). */
final class RunnerEnv {
    static final String OUTPUT_PATH = "/output";
    static final String LOG_PATH = "/var/log/planetary";
    static final String RESULT_PATH = "/run/planetary";
    static final String TERMINATION_FILE = "/dev/termination-log";
    /** Whatever key a Secret has of these. */
    private static final List<String> AZURE =
            List.of("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN");

    private RunnerEnv() {}

    static List<EnvVar> of(PlanetaryJob job, int attempt) {
        var pod = JobNames.of(job).runner(attempt);
        var spec = job.getSpec();
        var env = new ArrayList<EnvVar>();
        env.add(DaskEnv.value("DASK_CLIENT_NAME", "planetary-job." + pod));
        env.add(DaskEnv.value("DASK_DISTRIBUTED__CLIENT__PRELOAD", preloads()));
        env.add(DaskEnv.value("PLANETARY_JOB", job.getMetadata().getName()));
        env.add(DaskEnv.value("PLANETARY_JOB_UID", job.getMetadata().getUid()));
        env.add(DaskEnv.value("PLANETARY_ATTEMPT", String.valueOf(attempt)));
        if (spec.command().isEmpty()) {
            env.add(DaskEnv.value("PLANETARY_SCRIPT", RunnerPod.FILES_PATH + "/" + JobObjects.SCRIPT));
        }
        env.add(DaskEnv.value("PLANETARY_PARAMETERS_FILE", RunnerPod.FILES_PATH + "/" + JobObjects.PARAMETERS));
        env.add(DaskEnv.value("PLANETARY_RESULT_FILE", RESULT_PATH + "/result"));
        env.add(DaskEnv.value("PLANETARY_TERMINATION_FILE", TERMINATION_FILE));
        spec.parameters().forEach((name, value) -> env.add(DaskEnv.value(variable(name), literally(value))));
        storage(env, job, pod);
        return env;
    }

    static EnvVar grace(long seconds) {
        return DaskEnv.value("PLANETARY_GRACE_SECONDS", String.valueOf(seconds));
    }

    /** Of the variables above, those that a template cannot change: without them the runner is not this job's. */
    static boolean isOwned(String name) {
        return name.startsWith("PLANETARY_") && !name.equals(DaskEnv.SIGNING)
                || name.equals("DASK_CLIENT_NAME")
                || DaskEnv.ownedNames().contains(name);
    }

    static boolean usesWorkloadIdentity(PlanetaryJob job) {
        return blobs(job).anyMatch(b -> b.secretName() == null);
    }

    private static String variable(String parameter) {
        return "PARAM_" + parameter.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }

    /** The kubelet would put variables in place of $(NAME). */
    private static String literally(String value) {
        return value.replace("$(", "$$(");
    }

    private static String preloads() {
        return Stream.of("planetary_tls.py", "planetary_renewal.py")
                .map(file -> "\"" + DaskPod.PRELOAD_PATH + "/" + file + "\"")
                .toList()
                .toString();
    }

    private static void storage(List<EnvVar> env, PlanetaryJob job, String pod) {
        var output = job.getSpec().output();
        var logs = job.getSpec().logs();
        if (output != null && output.pvc() != null) {
            env.add(DaskEnv.value("PLANETARY_OUTPUT", OUTPUT_PATH));
        }
        if (output != null && output.azureBlob() != null) {
            env.add(DaskEnv.value(
                    "PLANETARY_OUTPUT_URL",
                    output.azureBlob().url() + "/" + JobNames.of(job).own()));
        }
        if (logs != null && logs.pvc() != null) {
            env.add(DaskEnv.value("PLANETARY_LOG_FILE", LOG_PATH + "/" + pod + ".log"));
        }
        if (logs != null && logs.azureBlob() != null) {
            env.add(DaskEnv.value("PLANETARY_LOG_URL", logs.azureBlob().url() + "/" + pod + ".log"));
        }
        blobs(job)
                .map(AzureBlob::secretName)
                .filter(Objects::nonNull)
                .findFirst()
                .ifPresent(secret -> AZURE.forEach(key -> env.add(key(secret, key))));
    }

    private static Stream<AzureBlob> blobs(PlanetaryJob job) {
        return Stream.of(
                        Optional.ofNullable(job.getSpec().output()).map(Output::azureBlob),
                        Optional.ofNullable(job.getSpec().logs()).map(Logs::azureBlob))
                .flatMap(Optional::stream);
    }

    private static EnvVar key(String secret, String key) {
        return new EnvVarBuilder()
                .withName(key)
                .withNewValueFrom()
                .withNewSecretKeyRef(key, secret, true)
                .endValueFrom()
                .build();
    }
}
