package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An operator for some namespaces knows what is in each. */
class SeveralNamespacesIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void jobsOfAllNamespacesAreKnownToTheClustersTheyAreOn() {
        // Given a cluster and a job on it in two namespaces, of which all is said
        for (var namespace : namespaces()) {
            apply(namespace, "PlanetaryCluster", "c", "workers: {replicas: 1}");
            apply(namespace, "PlanetaryJob", "j", JobLifeIT.ON_C);
        }
        flow.restartBeside(API.namespace());
        for (var namespace : namespaces()) {
            Flow.until()
                    .untilAsserted(() -> assertThat(policyForPrograms(namespace).get())
                            .as(namespace)
                            .isNotNull());
        }
        flow.settle();
        flow.stop();
        for (var namespace : namespaces()) {
            policyForPrograms(namespace).delete();
        }

        // When: nothing happens to the jobs any more, so that lists alone tell of them
        flow.restartBeside(API.namespace());

        // Then the ground is laid for programs in both, which is done where a job is known
        for (var namespace : namespaces()) {
            Flow.until()
                    .untilAsserted(() -> assertThat(policyForPrograms(namespace).get())
                            .as(namespace)
                            .isNotNull());
        }
    }

    private List<String> namespaces() {
        return List.of(flow.namespace(), API.namespace());
    }

    private Resource<NetworkPolicy> policyForPrograms(String namespace) {
        return flow.client()
                .network()
                .v1()
                .networkPolicies()
                .inNamespace(namespace)
                .withName("c-runners");
    }

    private void apply(String namespace, String kind, String name, String spec) {
        flow.client()
                .resource(
                        """
                        apiVersion: planetary.dev/v1alpha1
                        kind: %s
                        metadata: {name: %s, namespace: %s}
                        spec: {%s}
                        """
                                .formatted(kind, name, namespace, spec))
                .create();
    }
}
