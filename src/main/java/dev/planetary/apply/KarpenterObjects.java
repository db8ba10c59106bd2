package dev.planetary.apply;

import static java.net.HttpURLConnection.HTTP_NOT_FOUND;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.util.Locale;
import java.util.Optional;

/** Reads and writes Karpenter's objects, whose kinds a cluster may not know. */
public final class KarpenterObjects {
    private static final String MANAGER = "planetary-operator";

    private final KubernetesClient client;

    public KarpenterObjects(KubernetesClient client) {
        this.client = client;
    }

    /** The object of that kind and name, as it is now. */
    public Optional<GenericKubernetesResource> get(GenericKubernetesResource like) {
        return Optional.ofNullable(at(like).get());
    }

    /**
     * Makes it, or changes what differs; what is no longer wanted of what was applied before goes.
     *
     * @return false: the cluster does not know its kind
     */
    public boolean apply(GenericKubernetesResource wanted) {
        try {
            at(wanted).fieldManager(MANAGER).forceConflicts().serverSideApply();
            return true;
        } catch (KubernetesClientException e) {
            if (e.getCode() == HTTP_NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    /** Deletes it; it stays until what was made from it is gone. */
    public void remove(GenericKubernetesResource present) {
        Deletion.ifThere(
                client,
                present,
                plural(present),
                options -> options.withPropagationPolicy(DeletionPropagation.FOREGROUND.toString()));
    }

    /** Without asking the cluster for its kinds. */
    private Resource<GenericKubernetesResource> at(GenericKubernetesResource object) {
        return client.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                        .withGroup(object.getApiVersion().split("/")[0])
                        .withVersion(object.getApiVersion().split("/")[1])
                        .withKind(object.getKind())
                        .withPlural(plural(object))
                        .withNamespaced(false)
                        .build())
                .resource(object);
    }

    private static String plural(GenericKubernetesResource object) {
        var kind = object.getKind().toLowerCase(Locale.ROOT);
        return kind + (kind.endsWith("s") ? "es" : "s");
    }
}
