package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.desired.Rotation;
import java.time.Instant;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Somebody's copy of a cluster's certificate is worth nothing once its authority is rotated. */
class RotationE2E {
    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void theOldBundleIsRefusedAndTheNewOneWorks() {
        // Given a client that works, and a copy of its bundle
        real.applySmall("c", 1);
        real.awaitReady("c");
        var client = real.clientPod("c");
        assertThat(real.exec(client, "cp", "-rL", "/etc/planetary/tls", "/planetary/stolen")
                        .exitCode())
                .isZero();
        assertThat(real.python(client, call("/planetary/stolen")).output()).contains("ANSWER 3");
        var before = RealCluster.uids(real.pods("c", "scheduler"));
        var worker = RealCluster.uids(real.workers("c"));

        // When
        real.client().resource(real.cluster("c").orElseThrow()).edit(c -> {
            c.getMetadata()
                    .getAnnotations()
                    .put(Rotation.ASKED, Instant.now().minusSeconds(1).toString());
            return c;
        });

        // Then
        Awaitility.await().atMost(RealCluster.PATIENCE).until(() -> {
            var schedulers = RealCluster.uids(real.pods("c", "scheduler"));
            var workers = RealCluster.uids(real.workers("c"));
            return schedulers.size() == 1
                    && workers.size() == 1
                    && !schedulers.equals(before)
                    && !workers.equals(worker);
        });
        real.awaitReady("c");
        assertThat(real.events("CaRotated")).anyMatch(note -> note.contains("results are lost"));
        assertThat(real.python(client, call("/planetary/stolen")).output())
                .contains("REFUSED")
                .containsIgnoringCase("certificate");
        real.kill(client);
        Awaitility.await()
                .atMost(RealCluster.PATIENCE)
                .until(() -> real.client().resource(client).get() == null);
        assertThat(real.python(real.clientPod("c"), call("/etc/planetary/tls")).output())
                .contains("ANSWER 3");
    }

    private static String call(String bundle) {
        return """
                import asyncio
                from distributed import Client
                from distributed.comm import connect
                from distributed.security import Security

                T = "%s/"
                own = Security(require_encryption=True, tls_ca_file=T + "ca.crt", tls_client_cert=T + "tls.crt", tls_client_key=T + "tls.key")

                async def knock():
                    comm = await connect("tls://c-scheduler:8786", timeout=10, **own.get_connection_args("client"))
                    await comm.write({"op": "identity", "reply": True})
                    return await asyncio.wait_for(comm.read(), 10)

                try:
                    assert "type" in asyncio.run(knock())
                    print("ANSWER", Client("tls://c-scheduler:8786", security=own).submit(sum, [1, 2]).result(60))
                except OSError as error:
                    print("REFUSED", error, error.__cause__)
                """
                .formatted(bundle);
    }
}
