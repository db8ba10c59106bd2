package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.planetary.it.Clients;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.EvictionBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A scheduler that is not to be evicted while work runs: what kubectl drain asks for, asked for. */
class DisruptionE2E {
    private static final int TOO_MANY_REQUESTS = 429;
    /** A minute of idleness, and what it takes to see it. */
    private static final Duration CALM = Duration.ofSeconds(90);

    private static final String WORK =
            """
            from distributed import Client, Event

            def work():
                Event("enough").wait()
                return 42

            client = Client()
            task = client.submit(work)
            while not any(client.processing().values()):
                pass
            print("BUSY")
            input()
            Event("enough").set()
            print("RESULT", task.result())
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void evictionIsRefusedWhileATaskRunsAndAllowedWhenNobodyWorks() {
        // Given, and somebody else's budget under the name of ours
        var theirs = real.client()
                .resource(
                        """
                        apiVersion: policy/v1
                        kind: PodDisruptionBudget
                        metadata: {name: c-scheduler, namespace: %s}
                        spec: {minAvailable: 1, selector: {matchLabels: {nobody: has-this}}}
                        """
                                .formatted(real.namespace()))
                .create();
        real.apply("c", RealCluster.small(1).replace("scheduler:\n", "scheduler:\n  disruption: UntilIdle\n"));
        real.awaitReady("c");
        var pod = real.clientPod("c");

        try (var work = real.talk(pod, WORK)) {
            // When
            work.await("BUSY");

            // Then
            real.await(
                    "c",
                    RealCluster.PATIENCE,
                    c -> RealCluster.ready(c).reason().equals("NameTaken")
                            && RealCluster.ready(c).message().contains("PodDisruptionBudget c-scheduler"));
            real.client().resource(theirs).delete();
            awaitBudget();
            real.awaitReady("c");

            // When somebody loosens it, then it is put right
            budget().edit(b -> b.edit()
                    .editSpec()
                    .withMinAvailable(new IntOrString(0))
                    .endSpec()
                    .build());
            Awaitility.await("budget").atMost(RealCluster.PATIENCE).until(() -> new IntOrString(1)
                    .equals(budget().get().getSpec().getMinAvailable()));
            awaitBudget();

            // When
            var refusal = catchThrowableOfType(KubernetesClientException.class, () -> evict(real.scheduler("c")));

            // Then
            assertThat(refusal.getCode()).isEqualTo(TOO_MANY_REQUESTS);
            assertThat(refusal.getMessage()).contains("disruption budget");
            work.say("enough");
            assertThat(work.await("RESULT")).isEqualTo("42");
            work.end();
        }

        // When nobody has worked for a while
        Awaitility.await("end of the budget").atMost(CALM).until(() -> budget().get() == null);

        // Then
        var before = real.scheduler("c");
        evict(before);
        Awaitility.await("another scheduler")
                .atMost(RealCluster.PATIENCE)
                .until(() -> real.pods("c", "scheduler").stream().noneMatch(p -> p.getMetadata()
                        .getUid()
                        .equals(before.getMetadata().getUid())));
        real.awaitReady("c");
    }

    /** It is there, it is ours, and Kubernetes has counted by it. */
    private void awaitBudget() {
        Awaitility.await("budget").atMost(RealCluster.PATIENCE).until(() -> {
            var budget = budget().get();
            return budget != null
                    && !budget.getMetadata().getOwnerReferences().isEmpty()
                    && budget.getStatus() != null
                    && budget.getMetadata()
                            .getGeneration()
                            .equals(budget.getStatus().getObservedGeneration())
                    && budget.getStatus().getCurrentHealthy() == 1
                    && budget.getStatus().getDisruptionsAllowed() == 0;
        });
    }

    /** Once: by default the client asks again and again where it is refused so. */
    private void evict(Pod pod) {
        var name = pod.getMetadata().getName();
        var eviction = new EvictionBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(real.namespace())
                .endMetadata()
                .build();
        var config = new ConfigBuilder(real.client().getConfiguration())
                .withRequestRetryBackoffLimit(0)
                .build();
        try (var client = Clients.of(config).build()) {
            client.raw("/api/v1/namespaces/%s/pods/%s/eviction".formatted(real.namespace(), name), "POST", eviction);
        }
    }

    private Resource<PodDisruptionBudget> budget() {
        return real.client()
                .policy()
                .v1()
                .podDisruptionBudget()
                .inNamespace(real.namespace())
                .withName("c-scheduler");
    }
}
