package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.desired.ClusterSecrets;
import dev.planetary.tls.Pem;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Certificates that end while a computation runs. For its time the operator gives all certificates a short life. */
@Alone("sets the operator's settings")
class RenewalE2E {
    private static final String SETTING = "PLANETARY_CERTIFICATE_LIFE";
    /** Renewed after two thirds of it; {@code -Dplanetary.e2e.certificate-life=300} makes it longer. */
    private static final Duration LIFE = Duration.ofSeconds(Integer.getInteger("planetary.e2e.certificate-life", 90));

    /** A long computation that tells on demand who shows which certificate, and at its end whether anything was lost. */
    static final String PROGRAM =
            """
            import asyncio, os, shutil, socket, ssl, sys, time
            from distributed import Client
            from distributed.comm import connect
            from distributed.security import Security

            TLS, OLD = "/etc/planetary/tls/", "/planetary/first/"
            shutil.copytree(TLS, OLD, ignore=lambda *_: ["..data"])

            def add(a, b):
                time.sleep(0.5)
                return a + b

            client = Client()
            client.wait_for_workers(2)
            workers = client.sync(client.scheduler.identity, n_workers=-1)["workers"]  # scheduler_info may forget them meanwhile
            names = list(workers)
            addresses = [client.scheduler.address, *names, *(w["nanny"] for w in workers.values())]

            async def dial(args):
                for address in addresses:
                    comm = await connect(address, timeout=10, **args)
                    comm.abort()
                return "dialled"

            async def from_here(): return await dial(client.connection_args)
            async def from_scheduler(dask_scheduler): return await dial(dask_scheduler.connection_args)
            async def from_worker(dask_worker): return await dial(dask_worker.connection_args)

            def everybody_reaches_everybody():
                said = [client.sync(from_here), client.run_on_scheduler(from_scheduler)]
                for nanny in False, True:
                    said += client.run(from_worker, nanny=nanny).values()
                return said == ["dialled"] * 6

            def shown():
                context = ssl.create_default_context(cafile=TLS + "ca.crt")
                context.check_hostname = False
                context.load_cert_chain(TLS + "tls.crt", TLS + "tls.key")
                serials = set()
                for host, port in [a.removeprefix("tls://").rsplit(":", 1) for a in addresses] + [("c-scheduler", 8787)]:
                    with socket.create_connection((host, int(port)), 10) as near, context.wrap_socket(near) as far:
                        serials.add(far.getpeercert()["serialNumber"])
                return serials

            def old_one():
                own = Security(require_encryption=True, tls_ca_file=OLD + "ca.crt", tls_client_cert=OLD + "tls.crt", tls_client_key=OLD + "tls.key")
                try:
                    asyncio.run(connect(client.scheduler.address, timeout=5, **own.get_connection_args("client")))
                    return "taken"
                except OSError as error:
                    return "refused"

            def pids():
                return [client.run_on_scheduler(os.getpid), sorted(client.run(os.getpid).items()), sorted(client.run(os.getpid, nanny=True).items())]

            before = pids()
            total, kept = client.submit(int, 0), []
            for n in range(1500):
                total = client.submit(add, total, n, workers=[names[n % 2]])
                kept.append(total)
            print("RUNNING", flush=True)
            for line in sys.stdin:
                word = line.strip()
                if word == "END":
                    break
                try:
                    print(word, *shown(), flush=True)
                except OSError as error:
                    print(word, "nothing", error, flush=True)
            done = sum(f.done() for f in kept)
            print("DONE", done, flush=True)
            print("REACHES", everybody_reaches_everybody(), flush=True)
            print("OLD", old_one(), flush=True)
            last = kept[done + 5]
            print("RIGHT", last.result(60) == sum(range(done + 6)), flush=True)
            print("SAME", pids() == before, flush=True)
            """;

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @BeforeEach
    void shortLives() {
        real.operator().sets(SETTING, Optional.of(LIFE.toString()));
    }

    @AfterEach
    void asBefore() {
        real.operator().sets(SETTING, Optional.empty());
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS) // for the long form
    void certificatesAreRenewedThreeTimesInMidComputation() {
        // Given
        real.applySmall("c", 2);
        real.awaitReady("c");
        var client = real.clientPod("c");
        var pods = pods();
        try (var work = real.talk(client, PROGRAM)) {
            work.await("RUNNING");

            // When
            for (var round = 1; round <= 3; round++) {
                var old = serial("c-pods");
                Awaitility.await()
                        .atMost(RealCluster.PATIENCE.plus(LIFE))
                        .until(() -> !serial("c-pods").equals(old)
                                && !serial("c-client").equals(old));
                var renewed = serial("c-pods");
                poke(round);
                // Then everybody shows the new one
                var asked = new int[1];
                var now = round;
                Awaitility.await()
                        .atMost(RealCluster.PATIENCE)
                        .pollInterval(Duration.ofSeconds(1))
                        .until(() -> {
                            var word = "LOOK" + now + "-" + asked[0]++;
                            work.say(word);
                            return work.await(word).equals(renewed);
                        });
            }

            // Then: no connection failed, no process started anew, the sum is right
            work.say("END");
            assertThat(Integer.parseInt(work.await("DONE"))).isPositive();
            assertThat(work.await("REACHES")).isEqualTo("True");
            assertThat(work.await("OLD")).isEqualTo("refused");
            assertThat(work.await("RIGHT")).isEqualTo("True");
            assertThat(work.await("SAME")).isEqualTo("True");
        }
        assertThat(pods()).isEqualTo(pods);
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
    private void poke(int round) {
        for (Pod pod : real.client().pods().inNamespace(real.namespace()).list().getItems()) {
            real.client().resource(pod).edit(p -> p.edit()
                    .editMetadata()
                    .addToAnnotations("tests.planetary.dev/poke", "" + round)
                    .endMetadata()
                    .build());
        }
    }

    private String serial(String secret) {
        Secret live = real.client()
                .secrets()
                .inNamespace(real.namespace())
                .withName(secret)
                .get();
        var certificate = Pem.certificates(ClusterSecrets.read(live, ClusterSecrets.CERTIFICATE))
                .getFirst();
        return certificate.getSerialNumber().toString(16).toUpperCase(Locale.ROOT);
    }
}
