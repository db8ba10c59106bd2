package dev.planetary.apply;

import io.fabric8.kubernetes.api.model.DeleteOptionsBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.function.UnaryOperator;

/** Deletes one very object: its uid goes along, so that another one that has its name by now stays. */
final class Deletion {
    private Deletion() {}

    /** Of an object that may be gone, or another one by now. */
    static void ifThere(KubernetesClient client, HasMetadata object) {
        ifThere(client, object, object.getPlural(), UnaryOperator.identity());
    }

    /** The same. */
    static void ifThere(
            KubernetesClient client, HasMetadata object, String plural, UnaryOperator<DeleteOptionsBuilder> further) {
        try {
            of(client, object, plural, further);
        } catch (KubernetesClientException e) {
            if (!nothingToDo(e)) {
                throw e;
            }
        }
    }

    /**
     * @param plural  name of its kind in addresses
     * @param further what else is asked of the API server
     */
    static void of(
            KubernetesClient client, HasMetadata object, String plural, UnaryOperator<DeleteOptionsBuilder> further) {
        var options = new DeleteOptionsBuilder()
                .withNewPreconditions()
                .withUid(object.getMetadata().getUid())
                .endPreconditions();
        client.raw(path(object, plural), "DELETE", further.apply(options).build());
    }

    /** 404: gone already. 409: another one by now, or changed; its event comes. */
    static boolean nothingToDo(KubernetesClientException e) {
        return e.getCode() == 404 || e.getCode() == 409;
    }

    private static String path(HasMetadata object, String plural) {
        var meta = object.getMetadata();
        return (object.getApiVersion().contains("/") ? "/apis/" : "/api/")
                + object.getApiVersion()
                + (meta.getNamespace() == null ? "" : "/namespaces/" + meta.getNamespace())
                + "/" + plural + "/" + meta.getName();
    }
}
