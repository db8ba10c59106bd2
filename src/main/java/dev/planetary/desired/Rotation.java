package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A user's wish that the cluster's authority be replaced because something of it leaked: the annotation on the cluster. The same
 * annotation on our own objects says which wish they fulfil.
 */
public final class Rotation {
    /** On the user's object: {@code planetary.dev/rotate-ca=<RFC 3339 time>}. */
    public static final String ASKED = PlanetaryCluster.GROUP + "/rotate-ca";
    /** On Secrets and pods. */
    static final String DONE = PlanetaryCluster.GROUP + "/rotated-ca";

    private Rotation() {}

    /** The time from which the authority is to be another one; none if nobody asked in words that can be read. */
    public static Optional<Instant> asked(PlanetaryCluster cluster) {
        return annotation(cluster, ASKED).filter(Rotation::isTime).map(Instant::parse);
    }

    /** What is wrong with the annotation, if something is. */
    public static Optional<String> misspelt(PlanetaryCluster cluster) {
        return annotation(cluster, ASKED)
                .filter(text -> !isTime(text))
                .map(_ -> "annotation %s is no time such as 2026-11-24T16:30:00Z: write one, or take it away"
                        .formatted(ASKED));
    }

    /** Whether a wish is due that is newer than the one fulfilled. */
    public static boolean isDue(Optional<Instant> asked, String done, Instant now) {
        return asked.filter(at -> !at.isAfter(now))
                .filter(at -> done.isEmpty() || at.isAfter(Instant.parse(done)))
                .isPresent();
    }

    /** Which wish is fulfilled by what is made now for the first time; empty: none is due. */
    public static String fulfilled(Optional<Instant> asked, Instant now) {
        return asked.filter(at -> !at.isAfter(now)).map(Instant::toString).orElse("");
    }

    /** Which wish an object of ours fulfils; empty: none was ever there. */
    public static String done(HasMetadata ours) {
        return annotation(ours, DONE).filter(Rotation::isTime).orElse("");
    }

    /** Marks a pod that is about to be made; whatever a template says of it does not count. */
    public static void mark(Pod pod, String done) {
        var annotations = new TreeMap<>(pod.getMetadata().getAnnotations());
        annotations.remove(DONE);
        annotations.putAll(mark(done));
        pod.getMetadata().setAnnotations(annotations);
    }

    static Map<String, String> mark(String done) {
        return done.isEmpty() ? Map.of() : Map.of(DONE, done);
    }

    private static boolean isTime(String text) {
        try {
            return Instant.parse(text) != null;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static Optional<String> annotation(HasMetadata object, String name) {
        return Optional.ofNullable(object.getMetadata().getAnnotations()).map(a -> a.get(name));
    }
}
