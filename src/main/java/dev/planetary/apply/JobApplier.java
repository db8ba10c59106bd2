package dev.planetary.apply;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ObservedRunner;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.dsl.FieldValidateable.Validation;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Makes and ends runners, and frees what a job held. Everything else that a job has is made by {@link Applier}. */
public final class JobApplier {
    /** Answers that say that nothing was done; any other, and none, leave it open. */
    private static final Set<Integer> REFUSED = Set.of(400, 401, 403, 404, 405, 413, 415, 422, 429);

    private final KubernetesClient client;
    private final RecentWrites recent;

    public JobApplier(KubernetesClient client, RecentWrites recent) {
        this.client = client;
        this.recent = recent;
    }

    /** What came of a POST that is made once. */
    public sealed interface Posted {
        record Made() implements Posted {}

        /** It was not made, for certain. */
        record Refused(Finding finding) implements Posted {}

        /** It may or may not be there, or have been there. */
        record Unknown(String message) implements Posted {}
    }

    /**
     * Makes a runner, by one request that is never repeated: the program in it must not run twice. The HTTP client's own repetitions are
     * switched off for it.
     */
    public Posted post(PlanetaryJob job, Pod runner) {
        try {
            var once =
                    new RequestConfigBuilder().withRequestRetryBackoffLimit(0).build();
            var answer = client.newClient(once)
                    .adapt(KubernetesClient.class)
                    .resource(runner)
                    .fieldValidation(Validation.STRICT)
                    .create();
            recent.created(job.getMetadata().getUid(), LeanAnswers.completed(runner, answer));
            return new Posted.Made();
        } catch (KubernetesClientException e) {
            return REFUSED.contains(e.getCode())
                    ? new Posted.Refused(
                            Refusal.of("Pod " + runner.getMetadata().getName(), e))
                    : new Posted.Unknown(Refusal.words(e));
        }
    }

    /** A runner as it is, whatever caches show; only this job's own. */
    public Optional<Pod> read(PlanetaryJob job, String name) {
        return Optional.ofNullable(client.pods()
                        .inNamespace(job.getMetadata().getNamespace())
                        .withName(name)
                        .get())
                .filter(pod -> Labels.owns(job, pod));
    }

    /** A script out of a ConfigMap that is not there: a runner made without it would wait for its volume, and tell nobody why. */
    public Optional<Finding> missingScript(PlanetaryJob job) {
        return Optional.ofNullable(job.getSpec().scriptFrom()).flatMap(from -> {
            var key = from.configMapKeyRef();
            var map = client.configMaps()
                    .inNamespace(job.getMetadata().getNamespace())
                    .withName(key.name())
                    .get();
            return map != null && hasKey(map, key.key())
                    ? Optional.empty()
                    : Optional.of(new Finding(
                            false,
                            "ScriptNotFound",
                            "ConfigMap %s is not there, or has no key %s: the job starts when it has"
                                    .formatted(key.name(), key.key())));
        });
    }

    private static boolean hasKey(ConfigMap map, String key) {
        return Stream.of(map.getData(), map.getBinaryData()).anyMatch(data -> data != null && data.containsKey(key));
    }

    /** Ends a runner: this very pod. */
    public void kill(PlanetaryJob job, ObservedRunner runner) {
        var meta = runner.pod().getMetadata();
        Deletion.ifThere(client, runner.pod());
        recent.deleted(job.getMetadata().getUid(), meta.getUid());
    }

    public void delete(PlanetaryJob job) {
        Deletion.ifThere(client, job);
    }

    /** Lets a job's own cluster outlive it; nothing else of it is touched, and nothing if it has changed. */
    public void release(PlanetaryCluster cluster) {
        try {
            client.resource(cluster)
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            "{\"metadata\": {\"uid\": \"%s\", \"resourceVersion\": \"%s\", \"ownerReferences\": null}}"
                                    .formatted(
                                            cluster.getMetadata().getUid(),
                                            cluster.getMetadata().getResourceVersion()));
        } catch (KubernetesClientException e) {
            if (!Deletion.nothingToDo(e)) {
                throw e;
            }
        }
    }
}
