package dev.planetary.it;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.concurrent.TimeUnit;

/** Puts CustomResourceDefinitions onto a server, whatever others did there before. */
public final class Crds {
    private Crds() {}

    /** Returns when objects of that kind can be made. */
    public static void install(KubernetesClient client, HasMetadata crd, String fieldManager) {
        client.resource(crd).fieldManager(fieldManager).forceConflicts().serverSideApply();
        client.resource(crd).waitUntilCondition(Crds::established, 30, TimeUnit.SECONDS);
    }

    private static boolean established(HasMetadata crd) {
        return crd instanceof CustomResourceDefinition d
                && d.getStatus() != null
                && d.getStatus().getConditions() != null
                && d.getStatus().getConditions().stream()
                        .anyMatch(c -> "Established".equals(c.getType()) && "True".equals(c.getStatus()));
    }
}
