package dev.planetary.desired;

import static dev.planetary.desired.Rendered.dask;
import static dev.planetary.desired.Rendered.scheduler;
import static dev.planetary.desired.Rendered.worker;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.planetary.api.PlanetaryClusterSpec;
import dev.planetary.status.Finding;
import dev.planetary.validate.Renderable;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateOverlayTest {

    @Test
    void no_template_changes_nothing() {
        assertThat(template("{}")).isEqualTo(worker("{}"));
    }

    @Test
    void a_null_takes_away_what_the_operator_s_pod_has() {
        var pod = template(
                "{spec: {securityContext: {seccompProfile: null}, containers: [{name: dask, readinessProbe: null, securityContext: {capabilities: null}}]}}");

        assertThat(pod.getSpec().getSecurityContext().getSeccompProfile()).isNull();
        assertThat(pod.getSpec().getSecurityContext().getRunAsUser()).isEqualTo(1000);
        assertThat(dask(pod).getReadinessProbe()).isNull();
        assertThat(dask(pod).getSecurityContext().getCapabilities()).isNull();
        assertThat(dask(pod).getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
    }

    @Test
    void a_null_where_nothing_is_does_nothing() {
        assertThat(template(
                                "{metadata: {annotations: {x: null}}, spec: {affinity: null, containers: [null, {name: dask, env: [null]}], tolerations: null}}")
                        .getSpec())
                .isEqualTo(worker("{}").getSpec());
    }

    @Test
    void a_null_does_not_take_away_what_is_the_operator_s() {
        var own = worker("{}");

        var pod = template(
                "{metadata: {labels: null, annotations: null, ownerReferences: null, name: null}, spec: {restartPolicy: null,"
                        + " volumes: null, automountServiceAccountToken: null, containers: [{name: dask, env: null, volumeMounts: null}]}}");

        assertThat(pod.getMetadata().getName()).isEqualTo(own.getMetadata().getName());
        assertThat(pod.getMetadata().getLabels()).isEqualTo(own.getMetadata().getLabels());
        assertThat(pod.getMetadata().getOwnerReferences())
                .isEqualTo(own.getMetadata().getOwnerReferences());
        assertThat(pod.getMetadata().getAnnotations()).containsOnlyKeys(Labels.SPEC_HASH);
        assertThat(pod.getSpec().getRestartPolicy()).isEqualTo("OnFailure");
        assertThat(pod.getSpec().getAutomountServiceAccountToken()).isFalse();
        assertThat(pod.getSpec().getVolumes()).isEqualTo(own.getSpec().getVolumes());
        assertThat(dask(pod).getVolumeMounts()).isEqualTo(dask(own).getVolumeMounts());
        assertThat(dask(pod).getEnv())
                .extracting(EnvVar::getName)
                .contains("PLANETARY_POD_UID", "DASK_DISTRIBUTED__COMM__TLS__WORKER__KEY");
    }

    /** Nobody asks whether the namespace may use it: that is asked of nodePool. */
    @ParameterizedTest
    @ValueSource(strings = {"{operator: Exists}", "{key: planetary.dev/node-pool, operator: Exists}"})
    void a_template_leads_to_no_node_pool(String toleration) {
        var forbidden = new NodeSelectorRequirement("planetary.dev/node-pool", "DoesNotExist", List.of());

        assertThat(terms(template("{spec: {tolerations: [" + toleration + "]}}")))
                .allSatisfy(term -> assertThat(term).contains(forbidden));
        assertThat(terms(worker("workers: {nodePool: big, template: {spec: {tolerations: [" + toleration + "]}}}")))
                .allSatisfy(term -> assertThat(term)
                        .doesNotContain(forbidden)
                        .contains(new NodeSelectorRequirement("planetary.dev/node-pool", "In", List.of("big"))));
        assertThat(template("{spec: {tolerations: [{key: nvidia.com/gpu, operator: Exists}]}}")
                        .getSpec()
                        .getAffinity())
                .isNull();
    }

    private static List<List<NodeSelectorRequirement>> terms(Pod pod) {
        return pod
                .getSpec()
                .getAffinity()
                .getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms()
                .stream()
                .map(NodeSelectorTerm::getMatchExpressions)
                .toList();
    }

    @Test
    void sidecars_come_behind_and_the_dask_container_is_merged_into() {
        var pod = template(
                "{spec: {containers: [{name: logs, image: busybox}, {name: dask, workingDir: /data, env: [{name: MINE, value: x}],"
                        + " volumeMounts: [{mountPath: /data, name: data}]}], volumes: [{name: data, emptyDir: {}}]}}");

        assertThat(pod.getSpec().getContainers()).extracting(Container::getName).containsExactly("dask", "logs");
        assertThat(dask(pod).getWorkingDir()).isEqualTo("/data");
        assertThat(dask(pod).getImage()).isEqualTo("client:1");
        assertThat(dask(pod).getEnv()).extracting(EnvVar::getName).contains("MINE", "DASK_SCHEDULER_ADDRESS");
        assertThat(dask(pod).getVolumeMounts())
                .extracting(VolumeMount::getMountPath)
                .containsExactly("/etc/planetary/preload", "/etc/planetary/tls", "/planetary", "/data");
        assertThat(pod.getSpec().getVolumes())
                .extracting(Volume::getName)
                .containsExactly("preload", "tls", "home", "data");
    }

    @Test
    void identity_trust_and_restarts_stay_the_operator_s() {
        var own = scheduler("{}");

        var pod = scheduler(
                """
                scheduler:
                  template:
                    apiVersion: v9
                    kind: Deployment
                    status: {phase: Running}
                    metadata:
                      name: mine
                      generateName: mine-
                      namespace: kube-system
                      finalizers: [example.com/never]
                      ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: y}]
                      labels: {planetary.dev/cluster: other, planetary.dev/job: j, planetary.dev/client-of: b, app.kubernetes.io/component: worker, team: a}
                      annotations: {planetary.dev/spec-hash: none, note: a}
                    spec:
                      restartPolicy: Never
                      automountServiceAccountToken: true
                      volumes: [{name: tls, emptyDir: {}}]
                      containers:
                      - name: dask
                        env:
                        - {name: DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION, value: "False"}
                        - {name: DASK_DISTRIBUTED__COMM__TLS__CA_FILE, valueFrom: {secretKeyRef: {name: s, key: k}}}
                        volumeMounts: [{mountPath: /etc/planetary/tls, name: home}]
                """);

        assertThat(pod.getKind()).isEqualTo("Pod");
        assertThat(pod.getApiVersion()).isEqualTo("v1");
        assertThat(pod.getStatus()).isNull();
        assertThat(pod.getMetadata().getName()).isEqualTo("ndvi-scheduler-0");
        assertThat(pod.getMetadata().getNamespace()).isEqualTo("team-a");
        assertThat(pod.getMetadata().getGenerateName()).isNull();
        assertThat(pod.getMetadata().getFinalizers()).isEmpty();
        assertThat(pod.getMetadata().getOwnerReferences())
                .isEqualTo(own.getMetadata().getOwnerReferences());
        assertThat(pod.getMetadata().getLabels())
                .containsAllEntriesOf(own.getMetadata().getLabels())
                .containsEntry("team", "a")
                .containsEntry("planetary.dev/client-of", "b")
                // It would not be seen as the cluster's any more.
                .doesNotContainKey("planetary.dev/job");
        assertThat(pod.getMetadata().getAnnotations())
                .containsEntry("note", "a")
                .doesNotContainValue("none");
        assertThat(pod.getSpec().getRestartPolicy()).isEqualTo("Always");
        assertThat(pod.getSpec().getAutomountServiceAccountToken()).isFalse();
        assertThat(pod.getSpec().getVolumes()).isEqualTo(own.getSpec().getVolumes());
        assertThat(dask(pod).getEnv()).containsExactlyElementsOf(dask(own).getEnv());
        assertThat(dask(pod).getVolumeMounts()).isEqualTo(dask(own).getVolumeMounts());
    }

    @Test
    void the_spec_s_own_env_cannot_undo_TLS_either() {
        var own = worker("{}");

        var pod = worker(
                "env: [{name: DASK_DISTRIBUTED__COMM__TLS__CA_FILE, value: /tmp/ca}, {name: HOME, value: /tmp}]");

        assertThat(dask(pod).getEnv())
                .containsExactlyInAnyOrderElementsOf(dask(own).getEnv());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{spec: 3}",
                "{spec: null}",
                "{metadata: null}",
                "{spec: {containers: null}}",
                "{spec: {containers: {name: dask}}}",
                "{spec: {containers: [dask]}}",
                "{spec: {terminationGracePeriodSeconds: soon}}",
                "{metadata: {labels: [a]}}",
                "{spec: {tolerations: all}}",
                "{spec: {containers: [{name: dask, env: [{value: x}]}]}}",
                "{spec: {initContainers: [null]}}",
                "{spec: {volumes: [{emptyDir: {}}]}}",
                "{spec: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [null]}}}}}"
            })
    void a_template_that_makes_no_pod_is_said_to_be_wrong(String template) {
        var model = Rendered.model("workers: {template: %s}".formatted(template));

        assertThatThrownBy(() -> WorkerPod.of(model, PlanetaryClusterSpec.DEFAULT_GROUP, "x"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Renderable.check(model))
                .get()
                .extracting(Finding::reason, Finding::permanent)
                .containsExactly("InvalidTemplate", true);
    }

    private static Pod template(String template) {
        return worker("workers: {template: %s}".formatted(template));
    }
}
