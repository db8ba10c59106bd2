package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.client.dsl.Resource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The NetworkPolicy and the Service for a load balancer follow the spec, whatever others do to them. */
class NetworkPolicyIT {
    private static final String PUBLIC =
            "scheduler: {service: {type: LoadBalancer, annotations: {service.beta.kubernetes.io/azure-load-balancer-internal: 'false'}, loadBalancerSourceRanges: [203.0.113.7/32]}}";

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void thePolicyIsThereBeforeAnyPodAndKeptRight() {
        // When
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);

        // Then
        var made = policy("c-dask").get();
        var created = flow.wire().writes().stream().map(Wire.Sent::what).toList();
        assertThat(created.indexOf("POST networkpolicies")).isNotNegative().isLessThan(created.indexOf("POST pods"));
        assertThat(made.getMetadata().getOwnerReferences()).singleElement().satisfies(o -> assertThat(o.getUid())
                .isEqualTo(flow.cluster("c").get().getMetadata().getUid()));
        assertThat(made.getSpec().getIngress()).hasSize(3);
        for (var pod : flow.pods().of("c")) {
            assertThat(pod.getMetadata().getLabels())
                    .containsAllEntriesOf(made.getSpec().getPodSelector().getMatchLabels());
        }

        // When somebody opens it
        policy("c-dask")
                .edit(p ->
                        p.edit().editSpec().withIngress().withEgress().endSpec().build());
        // Then
        Flow.until().untilAsserted(() -> assertThat(policy("c-dask").get().getSpec())
                .isEqualTo(made.getSpec()));

        // When somebody deletes it
        policy("c-dask").delete();
        // Then
        Flow.until().untilAsserted(() -> assertThat(policy("c-dask").get())
                .isNotNull()
                .extracting(NetworkPolicy::getSpec)
                .isEqualTo(made.getSpec()));
    }

    @Test
    void thePolicyFollowsTheSpecWithoutTouchingPodsAndRestsAfterwards() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        var pods = flow.pods().of("c");

        // When: selectors as users write them, which must come back from the API server as they were sent
        flow.change(
                "c",
                """
                networkPolicy: {allowFrom: [{podSelector: {}}, {namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [a]}, {key: x, operator: Exists}]}},
                  {ipBlock: {cidr: 10.1.0.0/16, except: [10.1.2.0/24]}}]}""");
        // Then
        Flow.until()
                .untilAsserted(() -> assertThat(policy("c-dask").get().getSpec().getIngress())
                        .hasSize(4)
                        .last()
                        .satisfies(rule -> assertThat(rule.getFrom()).hasSize(3)));
        flow.settle();
        flow.wire().forget();
        flow.pods().poke(flow.pods().get("c-default-0"), "1");
        flow.settle();
        assertThat(flow.wire().requests()).isEmpty();

        // When
        flow.change("c", "networkPolicy: {mode: 'Off'}");
        // Then
        Flow.until().untilAsserted(() -> assertThat(policy("c-dask").get()).isNull());
        flow.settle();
        assertThat(policy("c-dask").get()).isNull();

        // When
        flow.change("c", "networkPolicy: null");
        // Then
        Flow.until().untilAsserted(() -> assertThat(policy("c-dask").get()).isNotNull());
        flow.settle();
        assertThat(flow.pods().of("c"))
                .extracting(p -> p.getMetadata().getUid())
                .containsExactlyInAnyOrderElementsOf(
                        pods.stream().map(p -> p.getMetadata().getUid()).toList());
    }

    @Test
    void noPodIsMadeWithoutItsPolicy() {
        // Given a policy of somebody else's under our name
        var foreign = flow.client()
                .resource(
                        """
                        apiVersion: networking.k8s.io/v1
                        kind: NetworkPolicy
                        metadata: {name: c-dask, namespace: %s}
                        spec: {podSelector: {matchLabels: {a: b}}, policyTypes: [Ingress]}
                        """
                                .formatted(flow.namespace()))
                .create();

        // When
        flow.apply("c", "workers: {replicas: 1}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.STALLED))
                .startsWith("NameTaken: NetworkPolicy c-dask exists and belongs to somebody else"));
        assertThat(flow.pods().of("c")).isEmpty();
        flow.client().resource(foreign).delete();
        flow.comeUp("c", 1);
    }

    @Test
    void programsOfJobsAreUnderAPolicyBeforeTheyStartAndAClusterWithoutJobsHasNone() {
        // Given
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        assertThat(policy("c-runners").get()).isNull();
        flow.wire().forget();

        // When
        flow.applyJob("j", JobLifeIT.ON_C);
        var runner = flow.runner("j", 0);

        // Then
        var made = policy("c-runners").get();
        assertThat(runner.getMetadata().getLabels())
                .containsAllEntriesOf(made.getSpec().getPodSelector().getMatchLabels());
        assertThat(made.getSpec().getPolicyTypes()).containsExactlyInAnyOrder("Ingress", "Egress");
        assertThat(flow.wire().writes().stream().map(Wire.Sent::what))
                .containsSubsequence("POST networkpolicies", "POST pods");

        // When somebody deletes it
        policy("c-runners").delete();
        // Then
        Flow.until().untilAsserted(() -> assertThat(policy("c-runners").get())
                .isNotNull()
                .extracting(NetworkPolicy::getSpec)
                .isEqualTo(made.getSpec()));

        // When
        flow.change("c", "networkPolicy: {mode: 'Off'}");
        // Then
        Flow.until().untilAsserted(() -> assertThat(policy("c-runners").get()).isNull());
        flow.applyJob("k", JobLifeIT.ON_C);
        assertThat(flow.runner("k", 0)).isNotNull();
    }

    @Test
    void aLoadBalancerGetsDasksPortOnlyAndGoesWithTheSpec() {
        // When
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        var inside = service("c-scheduler").get();
        flow.change("c", "scheduler: {service: {type: LoadBalancer}}");

        // Then: internal unless said otherwise, and the Service that pods use is as it was
        Flow.until().untilAsserted(() -> assertThat(service("c-external").get()).isNotNull());
        var outside = service("c-external").get();
        assertThat(outside.getSpec().getPorts()).singleElement().satisfies(p -> assertThat(p.getPort())
                .isEqualTo(8786));
        assertThat(outside.getSpec().getExternalTrafficPolicy()).isEqualTo("Local");
        assertThat(outside.getMetadata().getAnnotations())
                .containsEntry("service.beta.kubernetes.io/azure-load-balancer-internal", "true");
        assertThat(service("c-scheduler").get()).isEqualTo(inside);
        assertThat(policy("c-dask").get().getSpec().getIngress()).hasSize(4);

        // When
        flow.change("c", PUBLIC);
        // Then
        Flow.until().untilAsserted(() -> {
            assertThat(service("c-external").get().getMetadata().getAnnotations())
                    .containsEntry("service.beta.kubernetes.io/azure-load-balancer-internal", "false");
            assertThat(service("c-external").get().getSpec().getLoadBalancerSourceRanges())
                    .containsExactly("203.0.113.7/32");
            assertThat(policy("c-dask").get().getSpec().getIngress()).last().satisfies(rule -> assertThat(
                            rule.getFrom())
                    .singleElement()
                    .satisfies(from -> assertThat(from.getIpBlock().getCidr()).isEqualTo("203.0.113.7/32")));
        });
        flow.settle();
        flow.wire().forget();
        flow.pods().poke(flow.pods().get("c-default-0"), "1");
        flow.settle();
        assertThat(flow.wire().requests()).isEmpty();

        // When
        flow.change("c", "scheduler: {service: null}");
        // Then
        Flow.until().untilAsserted(() -> assertThat(service("c-external").get()).isNull());
        Flow.until()
                .untilAsserted(() -> assertThat(policy("c-dask").get().getSpec().getIngress())
                        .hasSize(3));
        assertThat(service("c-scheduler").get()).isEqualTo(inside);
    }

    private Resource<NetworkPolicy> policy(String name) {
        return flow.client()
                .network()
                .v1()
                .networkPolicies()
                .inNamespace(flow.namespace())
                .withName(name);
    }

    private Resource<Service> service(String name) {
        return flow.client().services().inNamespace(flow.namespace()).withName(name);
    }
}
