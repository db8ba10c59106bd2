package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.planetary.api.PlanetaryJobStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who gets through to a cluster's pods, and where they get through to: connections, not rules. */
@Order(3) // long
class NetworkPolicyE2E {
    private static final Duration ENFORCED_WITHIN = Duration.ofSeconds(30);
    private static final String METADATA = "169.254.169.254:80";
    /** The API server, which every pod may reach: who is refused elsewhere can connect at all. */
    private static final String API = "kubernetes.default.svc:443";

    private static final int NEIGHBOURS_PORT = 9000;

    @RegisterExtension
    static final RealCluster REAL = new RealCluster();

    private static Pod client;
    private static Pod friend;
    private static Pod stranger;

    @BeforeAll
    static void twoClustersAndTheirNeighbours() {
        REAL.applySmall("mine", 1, "networkPolicy: {allowFrom: [{podSelector: {matchLabels: {app: friend}}}]}");
        REAL.applySmall("theirs", 1);
        REAL.awaitReady("mine");
        REAL.awaitReady("theirs");
        client = REAL.clientPod("mine");
        friend = neighbour("friend");
        stranger = neighbour("stranger");
    }

    @Test
    void strangersAndOtherClustersAreRefusedClientsAndFriendsLetIn() {
        // Given
        var mine = address(REAL.scheduler("mine"));
        var worker = address(REAL.workers("mine").getFirst());
        var ports = workerPorts(REAL.workers("mine").getFirst());
        var scheduler = mine + ":8786";
        var dashboard = mine + ":8787";
        var service = "mine-scheduler:8786";
        var work = worker + ":" + ports.split(" ")[0];
        var workersHttp = worker + ":8788";
        String[] all = {API, scheduler, service, dashboard, work, workersHttp};

        // Then
        for (var other : new Pod[] {stranger, REAL.workers("theirs").getFirst(), REAL.scheduler("theirs")}) {
            assertThat(reached(other, all))
                    .as("from " + other.getMetadata().getName())
                    .isEqualTo(Map.of(
                            API,
                            true,
                            scheduler,
                            false,
                            service,
                            false,
                            dashboard,
                            false,
                            work,
                            false,
                            workersHttp,
                            false));
        }
        assertThat(reached(client, all))
                .as("from a client")
                .isEqualTo(Map.of(
                        API, true, scheduler, true, service, true, dashboard, true, work, true, workersHttp, false));
        assertThat(reached(friend, all))
                .as("from a pod of allowFrom")
                .isEqualTo(Map.of(
                        API, true, scheduler, true, service, true, dashboard, false, work, true, workersHttp, false));
    }

    @Test
    void daskPodsReachEverythingButTheMetadataAddress() {
        String[] open = {API, "planetarycomputer.microsoft.com:443", address(stranger) + ":" + NEIGHBOURS_PORT};
        for (var pod : new Pod[] {REAL.scheduler("mine"), REAL.workers("mine").getFirst()}) {
            assertThat(reached(pod, open))
                    .as("from " + pod.getMetadata().getName())
                    .doesNotContainValue(false);
        }
        assertThat(reached(REAL.workers("mine").getFirst(), METADATA)).containsEntry(METADATA, false);
        assumeTrue(
                reached(stranger, METADATA).get(METADATA),
                "nothing answers at the metadata address here, so that its being closed shows nothing");
    }

    @Test
    void aJobsProgramReachesItsClusterAndTheWorldButNotTheMetadataAddressAndNobodyReachesIt() {
        // Given
        REAL.applyJob(
                "serving",
                RealCluster.SMALL_RUNNER
                        + """
                        clusterRef: {name: mine}
                        script: |
                          import http.server
                          http.server.test(http.server.SimpleHTTPRequestHandler, port=%d)
                        """
                                .formatted(NEIGHBOURS_PORT));
        REAL.awaitJob("serving", PlanetaryJobStatus.Phase.Running);
        var runner = REAL.runners("serving").getFirst();
        var served = address(runner) + ":" + NEIGHBOURS_PORT;
        awaitReached(runner, Map.of("localhost:" + NEIGHBOURS_PORT, true));

        // Then
        assertThat(reached(runner, API, "mine-scheduler:8786", address(stranger) + ":" + NEIGHBOURS_PORT))
                .doesNotContainValue(false);
        assertThat(reached(runner, METADATA, "theirs-scheduler:8786")).doesNotContainValue(true);
        for (var other : new Pod[] {stranger, client, REAL.scheduler("mine")}) {
            assertThat(reached(other, served))
                    .as("from " + other.getMetadata().getName())
                    .containsEntry(served, false);
        }
        REAL.deleteJob("serving");
    }

    @Test
    void aClusterAtWorkFollowsItsSpec() {
        // Given: not the scheduler of the other tests
        REAL.applySmall("changing", 0);
        REAL.awaitReady("changing");
        var scheduler = address(REAL.scheduler("changing"));
        var comm = scheduler + ":8786";
        var http = scheduler + ":8787";
        awaitReached(stranger, Map.of(comm, false, http, false));

        // When it is exposed to one address
        REAL.apply(
                "changing",
                RealCluster.small(0)
                        .replace(
                                "scheduler:\n",
                                "scheduler:\n  service: {type: LoadBalancer, loadBalancerSourceRanges: [%s/32]}\n"
                                        .formatted(address(stranger))));
        // Then
        awaitReached(stranger, Map.of(comm, true, http, false));
        awaitReached(friend, Map.of(comm, false, http, false));

        // When there is no policy any more
        REAL.applySmall("changing", 0, "networkPolicy: {mode: \"Off\"}");
        // Then
        awaitReached(friend, Map.of(comm, true, http, true));

        // When there is one again
        REAL.applySmall("changing", 0);
        // Then
        awaitReached(stranger, Map.of(comm, false, http, false));
        assertThat(address(REAL.scheduler("changing"))).isEqualTo(scheduler);
    }

    /** Enforcement follows a change of a policy by fractions of a second. */
    private static void awaitReached(Pod from, Map<String, Boolean> expected) {
        Awaitility.await("from " + from.getMetadata().getName())
                .atMost(ENFORCED_WITHIN)
                .untilAsserted(() -> assertThat(reached(from, expected.keySet().toArray(String[]::new)))
                        .isEqualTo(expected));
    }

    /** Whether connections open; all are tried at once. */
    private static Map<String, Boolean> reached(Pod from, String... targets) {
        var result = REAL.python(
                from,
                """
                import asyncio

                async def attempt(target):
                    host, port = target.rsplit(":", 1)
                    try:
                        _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 4)
                        writer.close()
                        print(target, "open")
                    except (OSError, asyncio.TimeoutError):
                        print(target, "closed")

                async def main():
                    await asyncio.gather(*map(attempt, "%s".split()))

                asyncio.run(main())
                """
                        .formatted(String.join(" ", targets)));
        assertThat(result.exitCode()).as(result.output()).isZero();
        var answers = result.output()
                .lines()
                .map(l -> l.split(" "))
                .collect(Collectors.toMap(l -> l[0], l -> l[1].equals("open")));
        assertThat(answers).as(result.output()).containsOnlyKeys(targets);
        return answers;
    }

    /** Where worker and nanny listen: what listens there beside their HTTP servers. */
    private static String workerPorts(Pod worker) {
        var result = REAL.python(
                worker,
                """
                ports = set()
                for file in "/proc/net/tcp", "/proc/net/tcp6":
                    for line in open(file).readlines()[1:]:
                        fields = line.split()
                        if fields[3] == "0A" and not fields[1].startswith("0100007F"):
                            ports.add(int(fields[1].rsplit(":", 1)[1], 16))
                print(*sorted(ports - {8788}))
                """);
        assertThat(result.output()).as("ports of worker and nanny").isNotBlank();
        return result.output().strip();
    }

    private static String address(Pod pod) {
        return pod.getStatus().getPodIP();
    }

    /** A pod of the namespace that has nothing to do with Dask. */
    private static Pod neighbour(String app) {
        var pod = REAL.client()
                .resource(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: %1$s, namespace: %2$s, labels: {app: %1$s}}
                        spec:
                          automountServiceAccountToken: false
                          terminationGracePeriodSeconds: 1
                          securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
                          containers:
                          - name: python
                            image: %3$s
                            imagePullPolicy: IfNotPresent
                            command: [python, -m, http.server, "%4$d", --directory, /proc/self/fdinfo]
                            resources: {requests: {cpu: 10m, memory: 32Mi}}
                            readinessProbe: {tcpSocket: {port: %4$d}, periodSeconds: 1}
                            securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
                        """
                                .formatted(app, REAL.namespace(), RealCluster.clientImage(), NEIGHBOURS_PORT))
                .create();
        return (Pod) REAL.client().resource(pod).waitUntilReady(RealCluster.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
}
