package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An operator that has rights in one namespace and nowhere else, as overlays/namespaced gives them. */
class OneNamespaceIT {
    private static final String USER = "somebody-with-a-role";

    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @Test
    void aRoleIsEnoughAndReachesNoOtherNamespace() throws IOException {
        // Given
        flow.stop();
        grant();
        var elsewhere = flow.client()
                .resource(Serialization.unmarshal(
                        "metadata: {name: elsewhere, namespace: %s}\nspec: {}".formatted(API.namespace()),
                        PlanetaryCluster.class))
                .create();

        // When
        flow.restartAs(USER);
        flow.apply("c", "workers: {replicas: 2}");

        // Then: it comes up, and everything that the operator does later works as well
        flow.comeUp("c", 2);
        flow.change("c", "suspend: true");
        Flow.until().until(() -> flow.pods().of("c").isEmpty());
        flow.change(
                "c",
                "suspend: false, networkPolicy: {mode: 'Off'}, scheduler: {service: {type: LoadBalancer}, disruption: UntilIdle}");
        flow.comeUp("c", 2);
        flow.change("c", "image: 'other:1', networkPolicy: null, scheduler: null");
        Flow.until().untilAsserted(() -> assertThat(flow.client()
                        .services()
                        .inNamespace(flow.namespace())
                        .withName("c-external")
                        .get())
                .isNull());
        flow.settle();
        assertThat(flow.events("c")).isNotEmpty();
        assertThat(flow.client().resource(elsewhere).get()).isEqualTo(elsewhere);
        assertThat(flow.client().pods().inNamespace(API.namespace()).list().getItems())
                .isEmpty();
    }

    /** The rules of the ClusterRole, in a Role. */
    private void grant() throws IOException {
        var rules = Stream.of(Files.readString(Path.of("deploy/manifests/base/rbac.yaml"))
                        .split("(?m)^---$"))
                .<HasMetadata>map(
                        yaml -> flow.client().getKubernetesSerialization().unmarshal(yaml))
                .filter(ClusterRole.class::isInstance)
                .map(ClusterRole.class::cast)
                .findFirst()
                .orElseThrow()
                .getRules();
        var meta = new ObjectMetaBuilder()
                .withName("planetary-operator")
                .withNamespace(flow.namespace())
                .build();
        List.of(
                        new RoleBuilder().withMetadata(meta).withRules(rules).build(),
                        new RoleBindingBuilder()
                                .withMetadata(meta)
                                .withNewRoleRef()
                                .withApiGroup("rbac.authorization.k8s.io")
                                .withKind("Role")
                                .withName("planetary-operator")
                                .endRoleRef()
                                .addNewSubject()
                                .withApiGroup("rbac.authorization.k8s.io")
                                .withKind("User")
                                .withName(USER)
                                .endSubject()
                                .build())
                .forEach(o -> flow.client().resource(o).create());
    }
}
