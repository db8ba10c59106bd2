package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.desired.Labels;
import io.fabric8.kubernetes.api.model.LoadBalancerIngressBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The client library: in a pod by its service account, and on a machine outside by kubeconfig and by bundle. */
@Order(2) // long
class ClientE2E {
    private static final String USER = "planetary-user";
    /** As small as Dask can be. */
    private static final String SMALL =
            """
            import urllib.request
            from distributed import Client
            from planetary_cluster import PlanetaryCluster, PlanetaryError
            small = {"requests": {"cpu": "20m", "memory": "200Mi"}, "limits": {"memory": "768Mi"}}
            options = {"threads": 1, "resources": small, "scheduler": {"resources": small}}
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @TempDir
    Path folder;

    @BeforeEach
    void aServiceAccountForNotebooks() {
        real.client()
                .resource(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withName(USER)
                        .withNamespace(real.namespace())
                        .endMetadata()
                        .build())
                .create();
    }

    @Test
    void aNotebookInTheClusterMakesScalesSharesAndLeavesACluster() {
        // Given a pod that has the role, and no label that names a cluster
        grant();
        var notebook = notebook();

        // When
        var result = real.python(
                notebook,
                SMALL
                        + """
                        with PlanetaryCluster(n_workers=1, **options) as cluster:
                            with Client(cluster) as client:
                                print("sum", client.submit(sum, [1, 2, 3]).result())
                                cluster.scale(2)
                                cluster.wait_for_workers(2, timeout=100)
                                print("dashboard", urllib.request.urlopen(cluster.dashboard_link).status)
                                with PlanetaryCluster.from_name(cluster.name, quiet=True) as again:
                                    print("again", again.get_client().submit(len, "abcd").result())
                                print("alive", client.submit(sum, [4]).result())
                            job = '''
                        import json, os
                        from distributed import Client
                        with Client() as client:
                            print(json.dumps({"n": client.submit(int, os.environ["PARAM_N"]).result()}))
                        '''
                            requests = {"requests": {"cpu": "20m", "memory": "100Mi"}, "limits": {"memory": "512Mi"}}
                            print("job", cluster.run_job(job, parameters={"n": 7}, resources=requests))
                            try:
                                cluster.run_job("raise ValueError('no scenes')", resources=requests)
                            except PlanetaryError as error:
                                print("sad", error)
                            print("logs", sorted(cluster.logs())[-1])
                        print("left", PlanetaryCluster.list_clusters())
                        """);

        // Then
        assertThat(result.output())
                .containsSubsequence(
                        "Creating cluster ",
                        " in namespace " + real.namespace(),
                        "Scheduler starting",
                        "Scheduler running",
                        "Workers 1/1",
                        "Connecting inside the Kubernetes cluster",
                        "Ready, dashboard at http://127.0.0.1:",
                        "sum 6",
                        "dashboard 200",
                        "again 4",
                        "alive 4",
                        ": running",
                        ": succeeded",
                        "job {'n': 7}",
                        "sad Job ",
                        "no scenes",
                        "logs ",
                        "deleted",
                        "left []")
                // whenever the operator says so
                .contains("Workers 2/2");
        assertThat(result.exitCode()).isZero();
        nothingIsLeft();
    }

    @Test
    void whoHasNoRightsIsToldWhichAreMissing() {
        var result = real.python(notebook(), SMALL + "PlanetaryCluster(**options)");

        assertThat(result.output())
                .contains("PlanetaryError: You may not create planetaryclusters in namespace " + real.namespace())
                .contains("--clusterrole planetary-user")
                .doesNotContain("kr8s", "httpx");
    }

    @Test
    void aMachineOutsideComputesByPortForwardAndByBundle() throws IOException {
        // Given
        var kubeconfig = System.getProperty("planetary.e2e.kubeconfig");
        var bundle = folder.resolve("c.bundle");
        var scaling = folder.resolve("scaling.bundle");
        var desk = new Laptop(1, real.operator().nodeAddress());
        var owner = new OutsideProgram(
                desk,
                SMALL
                        + """
                        with PlanetaryCluster(namespace="%s", load_balancer=True, **options) as cluster:
                            with Client(cluster) as client:
                                print("sum", client.submit(sum, [1, 2, 3]).result())
                                print("dashboard", urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
                                      .open(cluster.dashboard_link).status)
                            print("made", cluster.name)
                            input()
                            cluster.bundle("%s")
                            cluster.bundle("%s", scale_hours=1)
                            print("written", "both")
                            input()
                        """
                                .formatted(real.namespace(), bundle, scaling),
                List.of("KUBECONFIG=" + kubeconfig));
        try (desk;
                owner) {
            // When
            var name = owner.await("made");
            // Then
            assertThat(owner.output())
                    .containsSubsequence(
                            "Creating cluster",
                            "Scheduler running",
                            "Workers 1/1",
                            "port-forward",
                            "sum 6",
                            "dashboard 200");

            // When: a cloud's controller gives the load balancer an address
            balance(name + "-external");
            owner.say();
            owner.await("written");
            // Then
            assertThat(Files.getPosixFilePermissions(bundle)).hasSize(2);

            // When: a machine has the file, and neither a kubeconfig nor a way to the API server
            try (var elsewhere = new Laptop(2, balancer());
                    var visitor = new OutsideProgram(
                            elsewhere,
                            SMALL
                                    + """
                            with PlanetaryCluster.from_bundle("%s") as cluster, Client(cluster) as client:
                                print("address", cluster.scheduler_address)
                                print("sum", client.submit(sum, [4, 5]).result())
                            """
                                            .formatted(bundle),
                            List.of("KUBECONFIG=/nowhere"))) {
                visitor.end();
                // Then
                assertThat(visitor.output()).contains("address tls://" + balancer() + ":8786", "sum 9");
            }
            assertThat(real.cluster(name)).isPresent();

            // When: a machine has the one with a token
            try (var elsewhere = new Laptop(3, balancer(), real.operator().nodeAddress());
                    var visitor = new OutsideProgram(
                            elsewhere,
                            SMALL
                                    + """
                            with PlanetaryCluster.from_bundle("%s") as cluster, Client(cluster) as client:
                                cluster.scale(2)
                                client.wait_for_workers(2, timeout=100)
                                print("workers", len(client.nthreads()))
                            """
                                            .formatted(scaling),
                            List.of("KUBECONFIG=/nowhere"))) {
                visitor.end();
                // Then
                assertThat(visitor.output()).contains("workers 2");
            }
            assertThat(real.cluster(name)).isPresent();
            owner.say();
            owner.end();
        }
        nothingIsLeft();
    }

    private void grant() {
        real.client()
                .resource(new RoleBindingBuilder()
                        .withNewMetadata()
                        .withName(USER)
                        .withNamespace(real.namespace())
                        .endMetadata()
                        .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", USER)
                        .addNewSubject("", "ServiceAccount", USER, real.namespace())
                        .build())
                .create();
    }

    /** The sample client's pod, without a certificate and a label, with a service account instead. */
    private Pod notebook() {
        return real.clientPod("notebook", pod -> {
            pod.getMetadata().getLabels().remove("planetary.dev/client-of");
            var spec = pod.getSpec();
            spec.setServiceAccountName(USER);
            spec.setAutomountServiceAccountToken(true);
            spec.getVolumes().removeIf(v -> v.getName().equals("tls"));
            var container = spec.getContainers().getFirst();
            container.getVolumeMounts().removeIf(m -> m.getName().equals("tls"));
            container.getEnv().removeIf(e -> e.getName().startsWith("DASK_"));
            return pod;
        });
    }

    /** What a cloud's load balancer controller writes; kube-proxy then serves that address on the node. */
    private void balance(String service) {
        var resource = real.client().services().inNamespace(real.namespace()).withName(service);
        resource.editStatus(s -> {
            s.getStatus()
                    .getLoadBalancer()
                    .setIngress(List.of(
                            new LoadBalancerIngressBuilder().withIp(balancer()).build()));
            return s;
        });
    }

    /** An address of nobody, which leads to the node; where no other network can be made, the node's own. */
    private String balancer() {
        return Laptop.possible() ? "203.0.113.10" : real.operator().nodeAddress();
    }

    private void nothingIsLeft() {
        Awaitility.await().atMost(RealCluster.PATIENCE).untilAsserted(() -> {
            var client = real.client();
            assertThat(client.resources(PlanetaryCluster.class)
                            .inNamespace(real.namespace())
                            .list()
                            .getItems())
                    .isEmpty();
            assertThat(client.resources(PlanetaryJob.class)
                            .inNamespace(real.namespace())
                            .list()
                            .getItems())
                    .isEmpty();
            assertThat(client.pods()
                            .inNamespace(real.namespace())
                            .withLabel(Labels.CLUSTER)
                            .list()
                            .getItems())
                    .isEmpty();
            assertThat(client.secrets()
                            .inNamespace(real.namespace())
                            .withLabel(Labels.CLUSTER)
                            .list()
                            .getItems())
                    .isEmpty();
        });
    }
}
