package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The operator, as it is deployed beside the tests. */
record DeployedOperator(KubernetesClient client) {
    static final String NAMESPACE = "planetary-system";
    static final String NAME = "planetary-operator";

    Pod pod() {
        var pods = client.pods()
                .inNamespace(NAMESPACE)
                .withLabel("app.kubernetes.io/name", NAME)
                .list()
                .getItems();
        assertThat(pods).as("the operator's pods").hasSize(1);
        return pods.getFirst();
    }

    /** Name of its node, one that pods really run on; a test may have others there. */
    String node() {
        return pod().getSpec().getNodeName();
    }

    String nodeAddress() {
        return client.nodes().withName(node()).get().getStatus().getAddresses().stream()
                .filter(a -> "InternalIP".equals(a.getType()))
                .findFirst()
                .orElseThrow()
                .getAddress();
    }

    /** Gives it a setting, or takes it away, and waits until it works with it. For tests that run alone. */
    void sets(String name, Optional<String> value) {
        RollableScalableResource<Deployment> deployment =
                client.apps().deployments().inNamespace(NAMESPACE).withName(NAME);
        deployment.edit(d -> {
            var container = d.getSpec().getTemplate().getSpec().getContainers().getFirst();
            var env = new ArrayList<>(container.getEnv());
            env.removeIf(e -> e.getName().equals(name));
            value.ifPresent(
                    v -> env.add(new EnvVarBuilder().withName(name).withValue(v).build()));
            container.setEnv(env);
            return d;
        });
        deployment.waitUntilCondition(
                d -> d.getStatus().getObservedGeneration() != null
                        && d.getStatus().getObservedGeneration()
                                >= d.getMetadata().getGeneration()
                        && Integer.valueOf(1).equals(d.getStatus().getUpdatedReplicas())
                        && Integer.valueOf(1).equals(d.getStatus().getReadyReplicas())
                        && Integer.valueOf(1).equals(d.getStatus().getReplicas()),
                RealCluster.PATIENCE.toSeconds(),
                TimeUnit.SECONDS);
    }

    /** What it logged since then. */
    String log(Instant since) {
        return client.pods()
                .inNamespace(NAMESPACE)
                .withName(pod().getMetadata().getName())
                .sinceTime(since.toString())
                .getLog();
    }
}
