package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import dev.planetary.desired.ClusterSecrets;
import dev.planetary.tls.Pem;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Dask with certificates of a user's own, made by OpenSSL, and without any. */
class TlsModesE2E {
    /** PKCS#1, as OpenSSL wrote keys before version 3. */
    private static final String RSA_PKCS1 = "openssl genrsa -traditional 2048";

    private static final String RSA_PKCS8 = "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    /** SEC1, with its parameters before it. */
    private static final String EC_SEC1 = "openssl ecparam -name prime256v1 -genkey";

    /** Certificates as files: cert-manager's Secret, and the token of ours. */
    private static final String BOTH =
            """
            projected:
              defaultMode: 0440
              sources:
              - secret: {name: mine}
              - secret: {name: c-client, items: [{key: token, path: token}]}
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @TempDir
    Path ours;

    @TempDir
    Path theirs;

    @Test
    void aClusterComputesWithAUsersCertificateWhileThatIsRenewed() {
        // Given: the cluster before its Secret, as when both are applied together
        real.applySmall("c", 2, "tls: {mode: Provided, secretName: mine}");
        real.await("c", RealCluster.PATIENCE, c -> RealCluster.ready(c).reason().equals("SecretNotFound"));
        var authority = OpenSsl.authority(ours);
        var first = authority.leaf(RSA_PKCS1);
        assertThat(first.key()).startsWith("-----BEGIN RSA PRIVATE KEY-----");
        real.client().resource(secret(authority, first)).create();
        real.awaitReady("c");
        var client = real.clientPod("c", TlsModesE2E::withBoth);
        var pods = pods();

        try (var work = real.talk(client, RenewalE2E.PROGRAM)) {
            work.await("RUNNING");
            work.say("LOOK");
            assertThat(work.await("LOOK")).isEqualTo(serial(first));

            // When
            var second = authority.leaf(RSA_PKCS8);
            assertThat(second.key()).startsWith("-----BEGIN PRIVATE KEY-----");
            real.client().resource(secret(authority, second)).update();
            poke();

            // Then everybody shows the new one
            var asked = new int[1];
            Awaitility.await()
                    .atMost(RealCluster.PATIENCE)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> {
                        var word = "LOOK" + asked[0]++;
                        work.say(word);
                        return work.await(word).equals(serial(second));
                    });

            // And no connection failed, no process started anew, the sum is right
            work.say("END");
            assertThat(Integer.parseInt(work.await("DONE"))).isPositive();
            assertThat(work.await("REACHES")).isEqualTo("True");
            assertThat(work.await("RIGHT")).isEqualTo("True");
            assertThat(work.await("SAME")).isEqualTo("True");
        }
        assertThat(pods()).isEqualTo(pods);
        real.awaitReady("c");

        // When: who comes with a certificate of another authority
        var said = real.python(client, stranger(OpenSsl.authority(theirs).leaf(EC_SEC1)));

        // Then
        assertThat(said.exitCode()).as(said.output()).isZero();
        assertThat(said.output().lines().filter(l -> l.startsWith("own ")))
                .as(said.output())
                .containsExactly("own answered", "own answered");
        assertThat(said.output().lines().filter(l -> l.startsWith("other ")))
                .as(said.output())
                .hasSize(2)
                .allMatch(l -> l.startsWith("other refused"));

        // And the private keys are nowhere but where the user put them
        assertThat(Serialization.asJson(real.cluster("c").orElseThrow()) + real.events(""))
                .doesNotContain(first.key().lines().toList().get(1));
    }

    @Test
    void aClusterWithoutTlsComputesAndStillWantsItsToken() {
        // Given
        real.applySmall("c", 2, "tls: {mode: \"Off\"}");
        var cluster = real.awaitReady("c");

        // Then it says so
        assertThat(cluster.getStatus().condition(Condition.TLS_OFF)).isPresent();
        assertThat(real.events(Condition.TLS_OFF)).hasSize(1);
        assertThat(cluster.getStatus().scheduler().address()).startsWith("tcp://");
        assertThat(cluster.getStatus().scheduler().dashboardUrl()).startsWith("http://");

        // And works; HTTP routes want the token
        var client = real.clientPod("c", TlsModesE2E::plain);
        try (var work = real.talk(
                client,
                """
                import sys, urllib.error, urllib.request
                from distributed import Client, wait

                client = Client()
                client.wait_for_workers(2)
                print("SUM", client.submit(sum, client.map(lambda x: x * x, range(10))).result(60), flush=True)

                def status(route, token):
                    request = urllib.request.Request("http://c-scheduler:8787" + route, headers={"Authorization": "Bearer " + token} if token else {})
                    try:
                        return urllib.request.urlopen(request, timeout=20).status
                    except urllib.error.HTTPError as error:
                        return error.code

                token = open("/etc/planetary/tls/token").read()
                print("HTTP", *[status(r, t) for r in ("/health", "/status", "/metrics", "/planetary/v1/state?wait=0") for t in (None, token)], flush=True)

                names = {w["name"]: a for a, w in client.sync(client.scheduler.identity, n_workers=-1)["workers"].items()}
                pod = min(names)
                kept = client.scatter({"x": 5}, workers=[names[pod]], hash=False)
                print("HELD", pod.rsplit("-", 1)[0], flush=True)
                sys.stdin.readline()
                assert names[pod] not in client.sync(client.scheduler.identity, n_workers=-1)["workers"]
                print("KEPT", client.gather(kept)["x"], flush=True)
                """)) {
            assertThat(work.await("SUM")).isEqualTo("285");
            assertThat(work.await("HTTP")).isEqualTo("200 200 401 200 401 200 401 200");

            // When a worker goes that alone holds a result: its preStop hook speaks plain HTTP
            var holder = work.await("HELD");
            var going = real.workers("c").stream()
                    .filter(p -> p.getMetadata().getName().equals(holder))
                    .findFirst()
                    .orElseThrow();
            real.client().resource(going).delete();
            Awaitility.await().atMost(RealCluster.PATIENCE).until(() -> RealCluster.uids(real.workers("c")).stream()
                    .noneMatch(going.getMetadata().getUid()::equals));

            // Then
            work.say("gone");
            assertThat(work.await("KEPT")).isEqualTo("5");
            work.end();
        }

        // When TLS comes back
        var scheduler = real.scheduler("c").getMetadata().getUid();
        real.applySmall("c", 2);
        var secured = real.await(
                "c",
                RealCluster.PATIENCE,
                c -> RealCluster.ready(c).status() == Condition.Status.True
                        && c.getStatus().scheduler().address().startsWith("tls://"));

        // Then
        assertThat(real.scheduler("c").getMetadata().getUid()).isNotEqualTo(scheduler);
        assertThat(secured.getStatus().condition(Condition.TLS_OFF)).isEmpty();
        assertThat(real.events("SpecChanged")).anyMatch(note -> note.contains("results are lost"));
    }

    private static Pod withBoth(Pod pod) {
        pod.getSpec().getVolumes().stream()
                .filter(v -> v.getName().equals("tls"))
                .forEach(v -> {
                    v.setSecret(null);
                    v.setProjected(
                            Serialization.unmarshal("name: tls\n" + BOTH, io.fabric8.kubernetes.api.model.Volume.class)
                                    .getProjected());
                });
        return pod;
    }

    private static Pod plain(Pod pod) {
        var env = pod.getSpec().getContainers().getFirst().getEnv();
        env.removeIf(e -> e.getName().contains("__TLS__"));
        env.forEach(e -> {
            switch (e.getName()) {
                case "DASK_SCHEDULER_ADDRESS" -> e.setValue("tcp://c-scheduler:8786");
                case "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION" -> e.setValue("False");
                default -> {}
            }
        });
        return pod;
    }

    /** Scheduler and a worker, with the client's own certificate and with one of another authority. */
    private static String stranger(OpenSsl.Pair pair) {
        return """
                import asyncio, ssl, sys
                from distributed import Client
                from distributed.comm import connect

                def say(name, what):
                    # In one piece, for Dask logs meanwhile.
                    sys.stdout.write(f"{name} {what}\\n")
                    sys.stdout.flush()

                open("/planetary/other.crt", "w").write('''%s''')
                open("/planetary/other.key", "w").write('''%s''')
                other = ssl.create_default_context()
                other.check_hostname, other.verify_mode = False, ssl.CERT_NONE
                other.load_cert_chain("/planetary/other.crt", "/planetary/other.key")

                async def attempt(name, address, **how):
                    try:
                        comm = await connect(address, timeout=5, **how)
                        await comm.write({"op": "identity", "reply": True})
                        answer = await asyncio.wait_for(comm.read(), 5)
                        say(name, "answered" if "type" in answer else answer)
                    except (OSError, ssl.SSLError, asyncio.TimeoutError) as error:
                        say(name, f"refused {type(error).__name__} {error}")

                client = Client()
                addresses = [client.scheduler.address, *list(client.sync(client.scheduler.identity, n_workers=-1)["workers"])[:1]]
                for address in addresses:
                    client.sync(attempt, "own", address, **client.connection_args)
                    client.sync(attempt, "other", address, ssl_context=other)
                """
                .formatted(pair.certificate(), pair.key());
    }

    private Secret secret(OpenSsl authority, OpenSsl.Pair pair) {
        return new SecretBuilder()
                .withNewMetadata()
                .withName("mine")
                .withNamespace(real.namespace())
                .endMetadata()
                .withType("kubernetes.io/tls")
                .addToStringData(ClusterSecrets.CERTIFICATE, pair.certificate())
                .addToStringData(ClusterSecrets.KEY, pair.key())
                .addToStringData(ClusterSecrets.CA, authority.ca())
                .build();
    }

    private static String serial(OpenSsl.Pair pair) {
        var serial = Pem.certificates(pair.certificate())
                .getFirst()
                .getSerialNumber()
                .toString(16)
                .toUpperCase(Locale.ROOT);
        return serial.length() % 2 == 0 ? serial : "0" + serial;
    }

    /** Uids and restarts. */
    private List<String> pods() {
        return real.client().pods().inNamespace(real.namespace()).list().getItems().stream()
                .map(p -> p.getMetadata().getUid() + " "
                        + p.getStatus().getContainerStatuses().getFirst().getRestartCount())
                .sorted()
                .toList();
    }

    /** A kubelet looks at the Secrets of a pod that changed at once, at others when their turn comes. */
    private void poke() {
        for (Pod pod : real.client().pods().inNamespace(real.namespace()).list().getItems()) {
            real.client().resource(pod).edit(p -> p.edit()
                    .editMetadata()
                    .addToAnnotations("tests.planetary.dev/poke", "renewed")
                    .endMetadata()
                    .build());
        }
    }
}
