package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.javaoperatorsdk.operator.processing.event.source.filter.OnUpdateFilter;
import java.util.Objects;

/** Lets changes through by which users ask for something: of the spec, of annotations, and deletion; not our own of the status. */
public final class Asked implements OnUpdateFilter<PlanetaryCluster> {
    @Override
    public boolean accept(PlanetaryCluster now, PlanetaryCluster before) {
        return differ(now.getMetadata(), before.getMetadata());
    }

    private static boolean differ(ObjectMeta now, ObjectMeta before) {
        return !Objects.equals(now.getGeneration(), before.getGeneration())
                || !Objects.equals(now.getAnnotations(), before.getAnnotations())
                || !Objects.equals(now.getDeletionTimestamp(), before.getDeletionTimestamp());
    }
}
