package dev.planetary.e2e;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * kwok, as a process of this machine: the kubelet of every node that has its annotation. Such a node is Ready, and a pod that the scheduler
 * puts there Running, though no container runs.
 */
final class Kwok implements AutoCloseable {
    private final Process process;
    private final Path log;

    Kwok() throws IOException {
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
    }

    /** What it said, if it is not there any more. */
    String trouble() {
        return process.isAlive() ? "" : "kwok ended: " + RealCluster.read(log);
    }

    @Override
    public void close() throws IOException {
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
