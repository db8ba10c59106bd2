package dev.planetary.e2e;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * kwok, as a process of this machine: the kubelet of every node that has its annotation. Such a node is Ready, and a pod that the scheduler
 * puts there Running, though no container runs.
 *
 * <p>Now and then kwok 0.8 takes no notice of a pod that is bound in the moment its node comes, and finds it when it opens its watch anew, after
 * minutes. It looks again at a pod that changes, so such a pod gets an annotation.
 */
final class Kwok implements AutoCloseable {
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final String LOOKED = "planetary.dev/looked-at";

    private final RealCluster real;
    private final Process process;
    private final Path log;
    private final Thread reminder;

    Kwok(RealCluster real) throws IOException {
        this.real = real;
        var folder = System.getProperty("planetary.e2e.kwok", "");
        assumeFalse(folder.isBlank(), "there is no Go here to build kwok with");
        log = Files.createTempFile("kwok", ".log");
        process = new ProcessBuilder(
                        Path.of(folder, "kwok").toString(),
                        "--kubeconfig=" + RealCluster.kubeconfig().toAbsolutePath(),
                        "--config=" + Path.of("dev/kwok/stages.yaml").toAbsolutePath(),
                        "--manage-all-nodes=false",
                        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
                        // Addresses that lead nowhere (RFC 2544), and no port of this machine.
                        "--cidr=198.18.0.0/16",
                        "--node-ip=198.19.0.1",
                        "--node-port=0",
                        "--node-lease-duration-seconds=0")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        reminder = Thread.ofVirtual().start(() -> {
            while (!Thread.interrupted()) {
                LockSupport.parkNanos(LOOK.toNanos());
                try {
                    remind(Instant.now());
                } catch (KubernetesClientException _) {
                    // A pod has gone meanwhile.
                }
            }
        });
    }

    private void remind(Instant now) {
        var pods = real.client().pods().inNamespace(real.namespace());
        pods.list().getItems().stream()
                .filter(pod -> "Pending".equals(pod.getStatus().getPhase())
                        && boundAt(pod)
                                .filter(at -> at.plus(LOOK).isBefore(now))
                                .isPresent())
                .forEach(pod -> pods.withName(pod.getMetadata().getName())
                        .patch(
                                PatchContext.of(PatchType.JSON_MERGE),
                                "metadata: {annotations: {%s: \"%s\"}}".formatted(LOOKED, now)));
    }

    private static Optional<Instant> boundAt(Pod pod) {
        return pod.getStatus().getConditions().stream()
                .filter(c -> "PodScheduled".equals(c.getType()) && "True".equals(c.getStatus()))
                .map(c -> Instant.parse(c.getLastTransitionTime()))
                .findFirst();
    }

    /** What it said, if it is not there any more. */
    String trouble() {
        return process.isAlive() ? "" : "kwok ended: " + RealCluster.read(log);
    }

    @Override
    public void close() throws IOException {
        reminder.interrupt();
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Files.delete(log);
    }
}
