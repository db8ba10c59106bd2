package dev.planetary.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.DeleteOptions;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What was made under the name of something that is gone stays: a request names the one object that was seen. */
class DeletionTest {
    private static final String IN_N = "/namespaces/n/";

    private final List<String> requests = new ArrayList<>();
    private final Applier applier = new Applier(client(), new RecentWrites(new HandClock()));

    static Stream<Arguments> unused() {
        return Stream.of(
                Arguments.of(new Service(), "/api/v1" + IN_N + "services/x"),
                Arguments.of(new ConfigMap(), "/api/v1" + IN_N + "configmaps/x"),
                Arguments.of(new NetworkPolicy(), "/apis/networking.k8s.io/v1" + IN_N + "networkpolicies/x"),
                Arguments.of(new PodDisruptionBudget(), "/apis/policy/v1" + IN_N + "poddisruptionbudgets/x"),
                Arguments.of(new ControllerRevision(), "/apis/apps/v1" + IN_N + "controllerrevisions/x"));
    }

    @ParameterizedTest
    @MethodSource
    void unused(HasMetadata object, String path) {
        applier.deleteUnused(named(object));

        assertThat(requests).containsExactly("DELETE " + path + " of its-uid");
    }

    @Test
    void clusters_and_jobs() {
        applier.delete(named(new PlanetaryCluster()));
        new JobApplier(client(), new RecentWrites(new HandClock())).delete(named(new PlanetaryJob()));

        assertThat(requests)
                .containsExactly(
                        "DELETE /apis/planetary.dev/v1alpha1" + IN_N + "planetaryclusters/x of its-uid",
                        "DELETE /apis/planetary.dev/v1alpha1" + IN_N + "planetaryjobs/x of its-uid");
    }

    @Test
    void objects_of_Karpenter_with_all_that_is_made_from_them() {
        var pool = named(new GenericKubernetesResource());
        pool.setApiVersion("karpenter.sh/v1");
        pool.setKind("NodePool");
        pool.getMetadata().setNamespace(null);

        new KarpenterObjects(client()).remove(pool);

        assertThat(requests).containsExactly("DELETE /apis/karpenter.sh/v1/nodepools/x of its-uid Foreground");
    }

    private static <T extends HasMetadata> T named(T object) {
        object.setMetadata(new ObjectMetaBuilder()
                .withName("x")
                .withNamespace("n")
                .withUid("its-uid")
                .build());
        return object;
    }

    /** A client that can do nothing but send what it is told. */
    private KubernetesClient client() {
        Consumer<Object[]> send = a -> {
            var options = (DeleteOptions) a[2];
            requests.add("%s %s of %s%s"
                    .formatted(
                            a[1],
                            a[0],
                            options.getPreconditions().getUid(),
                            options.getPropagationPolicy() == null ? "" : " " + options.getPropagationPolicy()));
        };
        return (KubernetesClient) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {KubernetesClient.class}, (_, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("raw");
                    send.accept(arguments);
                    return "";
                });
    }
}
