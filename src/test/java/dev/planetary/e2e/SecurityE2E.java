package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.desired.ClusterSecrets;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two clusters side by side: strangers, and the one's clients, get nothing from the other. */
class SecurityE2E {
    @RegisterExtension
    static final RealCluster REAL = new RealCluster();

    /** A client of {@code mine}, next to {@code theirs}. */
    private static Pod mine;

    @BeforeAll
    static void twoClusters() {
        // Without NetworkPolicies, which would keep them apart before any certificate is looked at.
        REAL.applySmall("mine", 1, "networkPolicy: {mode: \"Off\"}");
        REAL.applySmall("theirs", 1, "networkPolicy: {mode: \"Off\"}");
        REAL.awaitReady("mine");
        REAL.awaitReady("theirs");
        mine = REAL.clientPod("mine");
    }

    @Test
    void onlyTheClustersOwnCertificateOpensIt() {
        // When: scheduler and worker of theirs, and, so that a refusal means something, mine; Dask's own client each
        // time
        var answers = answers(REAL.python(
                mine,
                """
                import asyncio, json, ssl, sys, urllib.request
                from distributed.comm import connect
                from distributed.core import rpc
                from distributed.security import Security

                TLS = "/etc/planetary/tls/"
                own = Security(require_encryption=True, tls_ca_file=TLS + "ca.crt",
                               tls_client_cert=TLS + "tls.crt", tls_client_key=TLS + "tls.key")
                anybody = ssl.create_default_context()
                anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
                stranger = ssl.create_default_context()
                stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
                stranger.load_cert_chain(TLS + "tls.crt", TLS + "tls.key")

                def worker(cluster, token):
                    request = urllib.request.Request(f"https://{cluster}-scheduler:8787/planetary/v1/state?wait=0",
                                                     headers={"Authorization": "Bearer " + token})
                    return json.load(urllib.request.urlopen(request, context=anybody))["workers"][0]["address"]

                def say(name, what):
                    # Dask logs meanwhile, and print writes word by word.
                    sys.stdout.write(f"{name} {what}\\n")

                async def attempt(name, address, **how):
                    try:
                        comm = await connect(address, timeout=5, **how)
                        await comm.write({"op": "identity", "reply": True})
                        answer = await asyncio.wait_for(comm.read(), 5)
                        say(name, "answered" if "type" in answer else answer)
                    except (OSError, ssl.SSLError, asyncio.TimeoutError) as error:
                        say(name, f"refused {type(error).__name__} {error}")

                async def main(tokens):
                    for role in "scheduler", "worker":
                        address = {c: f"tls://{c}-scheduler:8786" if role == "scheduler" else worker(c, tokens[c]) for c in tokens}
                        await attempt(role + ":own", address["mine"], **own.get_connection_args("client"))
                        await attempt(role + ":other", address["theirs"], ssl_context=stranger)
                        await attempt(role + ":none", address["theirs"], ssl_context=anybody)
                        await attempt(role + ":plain", address["theirs"].replace("tls:", "tcp:"))

                asyncio.run(main({"mine": "%s", "theirs": "%s"}))
                """
                        .formatted(token("mine"), token("theirs"))));

        // Then
        assertThat(answers).containsEntry("scheduler:own", "answered").containsEntry("worker:own", "answered");
        for (var role : new String[] {"scheduler", "worker"}) {
            for (var how : new String[] {"other", "none", "plain"}) {
                assertThat(answers.get(role + ":" + how))
                        .as("%s with %s certificate: %s", role, how, answers)
                        .startsWith("refused");
            }
        }
    }

    @Test
    void httpRoutesWantTheClustersOwnToken() {
        // When
        var answers = answers(REAL.python(
                mine,
                """
                import json, ssl, urllib.error, urllib.request
                anybody = ssl.create_default_context()
                anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE

                def status(url, token):
                    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token} if token else {})
                    try:
                        return urllib.request.urlopen(request, context=anybody, timeout=20).status
                    except urllib.error.HTTPError as error:
                        return error.code

                theirs, mine = "%s", "%s"
                base = "https://theirs-scheduler:8787"
                for route in ("/", "/status", "/info/main/workers.html", "/metrics", "/planetary/v1/state?wait=0", "/json/counts.json",
                              "/json/identity.json", "/api/v1/get_workers", "/nothing"):
                    print(route, status(base + route, None), status(base + route, mine), status(base + route, theirs))
                print("/health", status(base + "/health", None), status(base + "/health", mine), status(base + "/health", theirs))
                """
                        .formatted(token("theirs"), token("mine"))));

        // Then
        assertThat(answers).hasSizeGreaterThan(9);
        assertThat(answers).containsEntry("/health", "200 200 200");
        assertThat(answers.entrySet())
                .filteredOn(e -> !e.getKey().equals("/health"))
                .allSatisfy(e -> assertThat(e.getValue()).startsWith("401 401 "));
        for (var route : new String[] {
            "/", "/status", "/info/main/workers.html", "/metrics", "/planetary/v1/state?wait=0", "/json/counts.json"
        }) {
            assertThat(answers).containsEntry(route, "401 401 200");
        }
    }

    @Test
    void daskPodsAreRestrictedAndHaveNoWayIntoKubernetes() {
        for (var pod : Stream.concat(REAL.workers("mine").stream(), Stream.of(REAL.scheduler("mine")))
                .toList()) {
            var seen = REAL.exec(
                            pod,
                            "sh",
                            "-c",
                            """
                    id -u
                    ls /var/run/secrets/kubernetes.io 2>&1
                    sed -n 's/^CapEff:[[:space:]]*//p; s/^NoNewPrivs:[[:space:]]*/privileges /p; s/^Seccomp:[[:space:]]*/seccomp /p' /proc/1/status
                    ls -lnL /etc/planetary/tls/tls.key
                    """)
                    .output();
            assertThat(seen.lines().findFirst()).hasValue("1000");
            assertThat(seen)
                    .contains("No such file or directory")
                    .contains("0000000000000000")
                    .contains("privileges 1")
                    .contains("-r--r-----");
            assertThat(pod.getSpec().getAutomountServiceAccountToken()).isFalse();
        }
    }

    private static String token(String cluster) {
        return ClusterSecrets.read(
                REAL.client()
                        .secrets()
                        .inNamespace(REAL.namespace())
                        .withName(cluster + "-client")
                        .get(),
                ClusterSecrets.TOKEN);
    }

    private static Map<String, String> answers(TestedPods.Result result) {
        assertThat(result.exitCode()).as(result.output()).isZero();
        return result.output()
                .lines()
                .filter(l -> l.contains(" "))
                .map(l -> l.split(" ", 2))
                .collect(Collectors.toMap(l -> l[0], l -> l[1], (a, b) -> b));
    }
}
