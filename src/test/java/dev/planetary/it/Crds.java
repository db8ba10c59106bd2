package dev.planetary.it;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.util.concurrent.TimeUnit;

/** Puts CustomResourceDefinitions onto a server, whatever others did there before. */
public final class Crds {
    private Crds() {}

    /**
     * Returns when objects of that kind can be made, and listed: the first to list them is told to come again (429) and loses its connection, which
     * an operator that starts does not survive.
     */
    public static void install(KubernetesClient client, HasMetadata crd, String fieldManager) {
        client.resource(crd).fieldManager(fieldManager).forceConflicts().serverSideApply();
        var there = client.resource(crd).waitUntilCondition(Crds::established, 30, TimeUnit.SECONDS);
        client.genericKubernetesResources(kind((CustomResourceDefinition) there))
                .inAnyNamespace()
                .list();
    }

    private static ResourceDefinitionContext kind(CustomResourceDefinition crd) {
        var spec = crd.getSpec();
        return new ResourceDefinitionContext.Builder()
                .withGroup(spec.getGroup())
                .withVersion(spec.getVersions().stream()
                        .filter(CustomResourceDefinitionVersion::getServed)
                        .findFirst()
                        .orElseThrow()
                        .getName())
                .withPlural(spec.getNames().getPlural())
                .withNamespaced("Namespaced".equals(spec.getScope()))
                .build();
    }

    private static boolean established(HasMetadata crd) {
        return crd instanceof CustomResourceDefinition d
                && d.getStatus() != null
                && d.getStatus().getConditions() != null
                && d.getStatus().getConditions().stream()
                        .anyMatch(c -> "Established".equals(c.getType()) && "True".equals(c.getStatus()));
    }
}
