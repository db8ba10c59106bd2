package dev.planetary.desired;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterSpec;
import dev.planetary.api.SchedulerSpec;
import dev.planetary.api.WorkersSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;

/**
 * What pods are made from: the user's spec as it was accepted, with the image resolved. It is kept in a ControllerRevision, so that
 * an operator with other defaults replaces no pod, and a bad change leaves the last good spec in force.
 *
 * @param number        counts accepted changes, from 1
 * @param pods          the part of the spec that pods are made from; all else (replicas, suspend, Service) is left at its default
 * @param image         the image in force
 * @param schedulerHash changes when the scheduler's pod must be replaced
 * @param workerHash    changes when worker pods must be replaced
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record AcceptedSpec(
        long number, PlanetaryClusterSpec pods, String image, String schedulerHash, String workerHash) {

    public AcceptedSpec {
        pods = podsOf(pods);
    }

    /** The first acceptance of a cluster's spec. */
    public static AcceptedSpec first(PlanetaryClusterSpec spec, String defaultImage) {
        return of(1, podsOf(spec), spec.image() == null ? defaultImage : spec.image());
    }

    /** Whether this spec asks for the same pods as the accepted one. */
    public boolean covers(PlanetaryClusterSpec spec) {
        return pods.equals(podsOf(spec));
    }

    /**
     * The next acceptance. Hashes of a part that did not change are carried over, never computed anew: fields and defaults added
     * by a later operator must not look like a change.
     */
    public AcceptedSpec next(PlanetaryClusterSpec spec, String defaultImage) {
        var wanted = podsOf(spec);
        var sameImage = java.util.Objects.equals(wanted.image(), pods.image());
        var next = of(number + 1, wanted, sameImage ? image : wanted.image() == null ? defaultImage : wanted.image());
        // Naming the image that is in force anyway changes no pod.
        var imageStays = next.image.equals(image);
        return new AcceptedSpec(
                next.number,
                wanted,
                next.image,
                imageStays && schedulerPart(wanted).equals(schedulerPart(pods)) ? schedulerHash : next.schedulerHash,
                imageStays && workerPart(wanted).equals(workerPart(pods)) ? workerHash : next.workerHash);
    }

    private static AcceptedSpec of(long number, PlanetaryClusterSpec pods, String image) {
        return new AcceptedSpec(
                number,
                pods,
                image,
                Json.hash(java.util.List.of(image, schedulerPart(pods))),
                Json.hash(java.util.List.of(image, workerPart(pods))));
    }

    public ControllerRevision toRevision(PlanetaryCluster cluster) {
        return new ControllerRevisionBuilder()
                .withNewMetadata()
                .withName(new Names(cluster.getMetadata().getName()).revision(number))
                .withNamespace(cluster.getMetadata().getNamespace())
                .withLabels(Labels.of(cluster.getMetadata().getName()))
                .withOwnerReferences(Labels.owner(cluster))
                .endMetadata()
                .withRevision(number)
                .withData(Json.map(this))
                .build();
    }

    public static AcceptedSpec of(ControllerRevision revision) {
        return Json.as(AcceptedSpec.class, revision.getData());
    }

    private static PlanetaryClusterSpec podsOf(PlanetaryClusterSpec s) {
        return new PlanetaryClusterSpec(
                s.image(),
                s.imagePullPolicy(),
                s.imagePullSecrets(),
                s.env(),
                s.envFrom(),
                s.serviceAccountName(),
                null,
                new SchedulerSpec(s.scheduler().resources(), s.scheduler().template(), null),
                new WorkersSpec(
                        null,
                        s.workers().threads(),
                        s.workers().resources(),
                        plain(s.workers().daskResources()),
                        s.workers().drainTimeout(),
                        s.workers().template()),
                null);
    }

    /** One spelling for one number: 1e21 must still equal itself after the API server and a float have had it. */
    private static Map<String, BigDecimal> plain(Map<String, BigDecimal> amounts) {
        var plain = new TreeMap<String, BigDecimal>();
        amounts.forEach((name, amount) ->
                plain.put(name, new BigDecimal(amount.stripTrailingZeros().toPlainString())));
        return plain;
    }

    private static PlanetaryClusterSpec schedulerPart(PlanetaryClusterSpec s) {
        return with(s, s.scheduler(), null);
    }

    private static PlanetaryClusterSpec workerPart(PlanetaryClusterSpec s) {
        return with(s, null, s.workers());
    }

    private static PlanetaryClusterSpec with(PlanetaryClusterSpec s, SchedulerSpec scheduler, WorkersSpec workers) {
        return new PlanetaryClusterSpec(
                null,
                s.imagePullPolicy(),
                s.imagePullSecrets(),
                s.env(),
                s.envFrom(),
                s.serviceAccountName(),
                null,
                scheduler,
                workers,
                null);
    }
}
