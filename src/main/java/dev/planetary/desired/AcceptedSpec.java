package dev.planetary.desired;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.planetary.api.OnChange.Effect;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterSpec;
import dev.planetary.api.WorkersSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What pods are made from: the user's spec as it was accepted, with the image resolved. It is kept in a ControllerRevision, so that
 * an operator with other defaults replaces no pod, and a bad change leaves the last good spec in force.
 *
 * @param number        counts accepted changes, from 1
 * @param pods          the part of the spec that pods are made from; all else (replicas, suspend, Service) is left at its default
 * @param image         the image in force, for groups that name none
 * @param schedulerHash changes when the scheduler's pod must be replaced
 * @param workerHashes  by group: changes when its worker pods must be replaced
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record AcceptedSpec(
        long number, PlanetaryClusterSpec pods, String image, String schedulerHash, Map<String, String> workerHashes) {

    public AcceptedSpec {
        pods = Parts.ofPods(pods);
        workerHashes = Collections.unmodifiableMap(new TreeMap<>(workerHashes));
    }

    /** The first acceptance of a cluster's spec. */
    public static AcceptedSpec first(PlanetaryClusterSpec spec, String defaultImage) {
        return of(1, spec, spec.image() == null ? defaultImage : spec.image());
    }

    /** Whether this spec asks for the same pods as the accepted one. */
    public boolean covers(PlanetaryClusterSpec spec) {
        return pods.equals(Parts.ofPods(spec));
    }

    /**
     * The next acceptance. Hashes of a part that did not change are carried over, never computed anew: fields and defaults added
     * by a later operator must not look like a change. Naming the image that is in force anyway changes no pod.
     */
    public AcceptedSpec next(PlanetaryClusterSpec spec, String defaultImage) {
        var sameImage = Objects.equals(spec.image(), pods.image());
        var next = of(number + 1, spec, sameImage ? image : spec.image() == null ? defaultImage : spec.image());
        var hashes = new TreeMap<>(next.workerHashes);
        hashes.replaceAll((group, hash) ->
                workerHashes.containsKey(group) && workers(group).equals(next.workers(group))
                        ? workerHashes.get(group)
                        : hash);
        return new AcceptedSpec(
                next.number,
                next.pods,
                next.image,
                scheduler().equals(next.scheduler()) ? schedulerHash : next.schedulerHash,
                hashes);
    }

    /** The group, if it is one of the accepted ones. */
    public Optional<WorkersSpec> group(String name) {
        return Optional.ofNullable(pods.groups().get(name));
    }

    /** What a group's pods must carry; empty for a group that is not accepted, whose pods are all outdated. */
    public String workerHash(String group) {
        return workerHashes.getOrDefault(group, "");
    }

    /** How long a group's workers may take to leave. */
    public Duration drain(String group) {
        return group(group).orElse(WorkersSpec.DEFAULT).drain();
    }

    /** The image of a group's workers. */
    public String image(String group) {
        return group(group).map(WorkersSpec::image).orElse(image);
    }

    private static AcceptedSpec of(long number, PlanetaryClusterSpec spec, String image) {
        var bare = new AcceptedSpec(number, spec, image, "", Map.of());
        var hashes = new TreeMap<String, String>();
        bare.pods.groups().keySet().forEach(group -> hashes.put(group, Json.hash(bare.workers(group))));
        return new AcceptedSpec(number, bare.pods, image, Json.hash(bare.scheduler()), hashes);
    }

    /** All that the scheduler's pod is made from. */
    private List<Object> scheduler() {
        return List.of(image, common(), pods.scheduler());
    }

    /** All that a group's pods are made from. */
    private List<Object> workers(String group) {
        return List.of(image(group), common(), pods.groups().get(group));
    }

    private Map<String, Object> common() {
        var common = Json.map(Parts.of(pods, Set.of(Effect.REPLACES_ALL)));
        common.remove("image");
        return common;
    }

    public ControllerRevision toRevision(PlanetaryCluster cluster) {
        return new ControllerRevisionBuilder()
                .withMetadata(
                        Labels.owned(cluster, new Names(cluster.getMetadata().getName()).revision(number)))
                .withRevision(number)
                .withData(Json.map(this))
                .build();
    }

    /** Reads also what operators kept that knew one group only: their clusters go on with the pods they have. */
    public static AcceptedSpec of(ControllerRevision revision) {
        var data = Json.map(revision.getData());
        var ofTheOneGroup = data.remove("workerHash");
        if (ofTheOneGroup != null) {
            data.putIfAbsent("workerHashes", Map.of(PlanetaryClusterSpec.DEFAULT_GROUP, ofTheOneGroup));
        }
        return Json.as(AcceptedSpec.class, data);
    }
}
