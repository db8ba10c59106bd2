package dev.planetary.e2e;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.stream.Collectors;

/** What was there when a test failed. */
final class Scene {
    private Scene() {}

    static String of(KubernetesClient client, String namespace) {
        return "In namespace " + namespace + ":\n"
                + client.resources(PlanetaryCluster.class).inNamespace(namespace).list().getItems().stream()
                        .map(c -> c.getMetadata().getName() + ": " + c.getStatus())
                        .collect(Collectors.joining("\n"))
                + "\n"
                + client.resources(PlanetaryJob.class).inNamespace(namespace).list().getItems().stream()
                        .map(j -> j.getMetadata().getName() + ": " + j.getStatus())
                        .collect(Collectors.joining("\n"))
                + "\n"
                + client.pods().inNamespace(namespace).list().getItems().stream()
                        .map(p -> p.getMetadata().getName() + ": " + p.getStatus())
                        .collect(Collectors.joining("\n"))
                + "\n"
                + client.events().v1().events().inNamespace(namespace).list().getItems().stream()
                        .map(e -> e.getReason() + ": " + e.getNote())
                        .collect(Collectors.joining("\n"))
                + "\n"
                + client.pods().inNamespace(namespace).list().getItems().stream()
                        .map(p -> p.getMetadata().getName() + " logged:\n" + log(client, p))
                        .collect(Collectors.joining("\n"));
    }

    private static String log(KubernetesClient client, Pod pod) {
        try {
            return client.pods()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(pod.getMetadata().getName())
                    .tailingLines(60)
                    .getLog();
        } catch (KubernetesClientException e) {
            return e.getMessage();
        }
    }
}
