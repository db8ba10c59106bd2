package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.desired.Labels;
import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Others were here first. */
class ForeignObjectsIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final Flow flow = new Flow(API);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{apiVersion: v1, kind: Pod, metadata: {name: c-default-0}, spec: {containers: [{name: x, image: x}]}}",
                "{apiVersion: v1, kind: Pod, metadata: {name: c-scheduler-0}, spec: {containers: [{name: x, image: x}]}}",
                "{apiVersion: v1, kind: Service, metadata: {name: c-scheduler}, spec: {ports: [{port: 80}]}}",
                "{apiVersion: v1, kind: Secret, metadata: {name: c-ca}, data: {}}",
                "{apiVersion: v1, kind: Secret, metadata: {name: c-client}, data: {}}",
                "{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: c-r1}, revision: 1, data: {}}"
            })
    void aForeignObjectUnderOurNameIsNamedAndNotTouched(String yaml) {
        // Given
        var foreign = foreign(yaml);

        // When
        flow.apply("c", "workers: {replicas: 1}");

        // Then
        var name = foreign.getKind() + " " + foreign.getMetadata().getName();
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.STALLED))
                .startsWith("NameTaken: " + name + " exists and belongs to somebody else"));
        assertThat(flow.message("c", Condition.READY)).startsWith("NameTaken: ");
        assertThat(flow.condition("c", Condition.RECONCILING)).isEmpty();
        assertThat(flow.status("c").orElseThrow().phase()).isEqualTo(Phase.Failed);
        assertThat(flow.client().resource(foreign).get()).isEqualTo(foreign);

        // When it is gone
        flow.client().resource(foreign).withGracePeriod(0).delete();

        // Then
        flow.comeUp("c", 1);
        assertThat(flow.condition("c", Condition.STALLED)).isEmpty();
        assertThat(flow.events("c", "NameTaken")).hasSize(1);
    }

    @Test
    void anotherClustersPodIsItsOwn() {
        // Given a pod that looks like ours in everything but the uid of its controller
        var pod = new PodBuilder(
                        foreign(
                                Pod.class,
                                """
                {apiVersion: v1, kind: Pod, metadata: {name: c-default-0}, spec: {containers: [{name: x, image: x}]}}"""))
                .editMetadata()
                .addToLabels(Labels.worker("c", "default"))
                .withOwnerReferences(new OwnerReferenceBuilder()
                        .withApiVersion("planetary.dev/v1alpha1")
                        .withKind(PlanetaryCluster.KIND)
                        .withName("other")
                        .withUid("11111111-2222-3333-4444-555555555555")
                        .withController(true)
                        .build())
                .endMetadata()
                .build();
        var other = flow.client().resource(pod).update();

        // When
        flow.apply("c", "workers: {replicas: 1}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.STALLED))
                .startsWith("NameTaken: Pod c-default-0 exists and belongs to PlanetaryCluster other"));
        assertThat(flow.client().resource(other).get()).isEqualTo(other);
    }

    @Test
    void clustersWhoseNamesContainEachOtherDoNotMeet() {
        // When
        var names = List.of("a", "a-default", "a-scheduler", "a-default-0", "a-r1");
        names.forEach(name -> flow.apply(name, "workers: {replicas: 1}"));

        // Then
        names.forEach(name -> flow.comeUp(name, 1));
        assertThat(names).allMatch(name -> flow.pods().of(name).size() == 2);
    }

    @Test
    void aFormerClusterOfTheSameNameIsWaitedFor() {
        // Given: its object is gone, what it owned is not yet
        flow.apply("c", "workers: {replicas: 1}");
        flow.comeUp("c", 1);
        flow.cluster("c").delete();
        Flow.until().until(() -> flow.cluster("c").get() == null);
        var former = flow.objects();

        // When
        flow.apply("c", "workers: {replicas: 1}");

        // Then
        Flow.until().untilAsserted(() -> assertThat(flow.message("c", Condition.RECONCILING))
                .startsWith("Waiting: ")
                .contains("of the cluster that had this name before is being deleted"));
        assertThat(flow.condition("c", Condition.STALLED)).isEmpty();
        assertThat(flow.objects()).isEqualTo(former);

        // When the garbage collector comes by
        former.forEach(o -> flow.client().resource(o).withGracePeriod(0).delete());

        // Then
        flow.comeUp("c", 1);
        var uid = flow.cluster("c").get().getMetadata().getUid();
        assertThat(flow.objects()).hasSize(9).allSatisfy(o -> assertThat(
                        Labels.controller(o).orElseThrow().getUid())
                .isEqualTo(uid));
    }

    private HasMetadata foreign(String yaml) {
        return foreign(HasMetadata.class, yaml);
    }

    private <T extends HasMetadata> T foreign(Class<T> kind, String yaml) {
        var object = flow.client().getKubernetesSerialization().<T>unmarshal("---\n" + yaml);
        object.getMetadata().setNamespace(flow.namespace());
        return kind.cast(flow.client().resource(object).create());
    }
}
