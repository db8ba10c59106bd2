package dev.planetary.apply;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.planetary.api.PlanetaryCluster;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Beside an API server that does as it is asked; a real one is asked by the tests of the reconciler. */
class LeanAnswersTest {
    private static final byte[] ANSWER =
            """
            {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
             "metadata": {"name": "p", "namespace": "n", "uid": "a-uid", "resourceVersion": "7"}}
            """
                    .getBytes();

    /** Method to what was accepted. */
    private final Map<String, String> accepted = new ConcurrentHashMap<>();

    private HttpServer server;
    private KubernetesClient client;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            accepted.put(
                    exchange.getRequestMethod(),
                    String.valueOf(exchange.getRequestHeaders().getFirst("Accept")));
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, ANSWER.length);
            exchange.getResponseBody().write(ANSWER);
            exchange.close();
        });
        server.start();
        client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                        .build())
                .withHttpClientFactory(new ApiConnections(null))
                .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("answers", new LeanAnswers()))
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(0);
    }

    @Test
    void ofACreationOnlyMetadataComesBackAndTheRestIsWhatWasSent() {
        // Given
        var cluster = new PlanetaryCluster();
        cluster.setMetadata(new ObjectMetaBuilder().withUid("c-uid").build());
        var pod = new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("n")
                .endMetadata()
                .withNewSpec()
                .withNodeName("a-node")
                .endSpec()
                .build();

        // When
        var outcome = new Applier(client, new RecentWrites(Clock.systemUTC())).create(cluster, pod);

        // Then
        assertThat(accepted.get("POST")).startsWith("application/json;as=PartialObjectMetadata;");
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> {
            assertThat(done.live().getKind()).isEqualTo("Pod");
            assertThat(done.live().getMetadata().getUid()).isEqualTo("a-uid");
            assertThat(((Pod) done.live()).getSpec().getNodeName()).isEqualTo("a-node");
        });
    }

    @Test
    void whatIsReadComesWhole() {
        client.pods().inNamespace("n").withName("p").get();

        assertThat(accepted.get("GET")).doesNotContain("PartialObjectMetadata");
    }
}
