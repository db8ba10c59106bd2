package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.EvictionBuilder;
import io.fabric8.kubernetes.client.dsl.PodResource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** Pods of a test, programs in them, and what stands beside them. */
interface TestedPods extends InNamespace {
    /** The sample client pod for cluster {@code ndvi}, running. */
    default Pod clientPod(String cluster) {
        return clientPod(cluster, pod -> pod);
    }

    /** The same, changed before it is made. */
    default Pod clientPod(String cluster, UnaryOperator<Pod> change) {
        var yaml = RealCluster.read(RealCluster.SAMPLES.resolve("ndvi-client.yaml"))
                .replace("image: planetary-client", "image: " + RealCluster.clientImage())
                .replace("ndvi", cluster);
        var pod = change.apply(client().getKubernetesSerialization().unmarshal(yaml, Pod.class));
        pod.getMetadata().setNamespace(namespace());
        client().resource(pod).create();
        return client().resource(pod).waitUntilReady(RealCluster.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Puts files into a pod's /planetary. */
    default void upload(Pod pod, Path... files) {
        for (var file : files) {
            // On a busy machine the client's own check of the size may come too early, or the stream be cut: it says
            // so, and is asked again.
            Awaitility.await(file + " is in " + pod.getMetadata().getName())
                    .atMost(RealCluster.PATIENCE)
                    .until(() ->
                            at(pod).file("/planetary/" + file.getFileName()).upload(file));
        }
    }

    /** What a command printed and how it ended. */
    record Result(int exitCode, String output) {}

    /** Runs a command in a pod's first container and waits for its end. */
    default Result exec(Pod pod, String... command) {
        var out = new ByteArrayOutputStream();
        try (var watch = at(pod).writingOutput(out).writingError(out).exec(command)) {
            var code = watch.exitCode().get(5, TimeUnit.MINUTES);
            return new Result(code, out.toString(StandardCharsets.UTF_8));
        } catch (Exception e) {
            throw new AssertionError(
                    "exec in " + pod.getMetadata().getName() + ": " + out.toString(StandardCharsets.UTF_8), e);
        }
    }

    default Result python(Pod pod, String program) {
        return exec(pod, "python", "-u", "-c", Dialogue.IN_ONE_PIECE + program);
    }

    /** Starts a Python program that tells how far it is on stdout and waits for words on stdin. */
    default Dialogue talk(Pod pod, String program) {
        return new Dialogue(at(pod), program);
    }

    /** Ends a pod without any notice: its object goes at once, and its processes are killed. */
    default void kill(Pod pod) {
        at(pod).withGracePeriod(0).delete();
    }

    /** Asks for it as `kubectl drain` does. */
    default void evict(String pod) {
        client().pods()
                .inNamespace(namespace())
                .withName(pod)
                .evict(new EvictionBuilder()
                        .withNewMetadata()
                        .withName(pod)
                        .withNamespace(namespace())
                        .endMetadata()
                        .build());
    }

    /** ConfigMap {@code trusted} in the test's namespace, with the stand-in's authority at {@code ca.crt}. */
    default void createTrusted() {
        client().resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("trusted")
                        .withNamespace(namespace())
                        .endMetadata()
                        .withData(client().configMaps()
                                .inNamespace(DeployedOperator.NAMESPACE)
                                .withName("planetary-trusted-ca")
                                .get()
                                .getData())
                        .build())
                .create();
    }

    /** What kubectl says in the test's namespace; it has to succeed. */
    default String kubectl(String... words) {
        try {
            var command = Stream.concat(
                            Stream.of(
                                    "kubectl",
                                    "--kubeconfig=" + RealCluster.kubeconfig(),
                                    "--namespace=" + namespace()),
                            Stream.of(words))
                    .toList();
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("%s: %s", command, said).isZero();
            return said;
        } catch (IOException e) {
            throw new AssertionError("kubectl is on the PATH of `make test`", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private PodResource at(Pod pod) {
        return client().pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName());
    }
}
