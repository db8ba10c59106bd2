package dev.planetary.apply;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ApiConnectionsTest {
    private static final int REQUESTS = 5 * ApiConnections.MOST;

    /** Remote port to how many requests it brought. */
    private final ConcurrentMap<Integer, Integer> connections = new ConcurrentHashMap<>();

    private HttpServer server;
    private KubernetesClient client;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), REQUESTS);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            connections.merge(exchange.getRemoteAddress().getPort(), 1, Integer::sum);
            var answer = "{\"kind\": \"Pod\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"p\"}}".getBytes();
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                        .withNamespace("n")
                        .build())
                .withHttpClientFactory(new ApiConnections(null))
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(0);
    }

    @Test
    void manyRequestsAtOnceShareFewConnections() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var all = IntStream.range(0, REQUESTS)
                    .mapToObj(i ->
                            threads.submit(() -> client.pods().withName("p" + i).get()))
                    .toList();
            for (var one : all) {
                assertThat(one.get().getMetadata().getName()).isEqualTo("p");
            }
        }

        assertThat(connections).hasSizeLessThanOrEqualTo(ApiConnections.MOST);
        assertThat(connections.values().stream().mapToInt(n -> n).sum()).isEqualTo(REQUESTS);
        assertThat(Collections.max(connections.values())).isGreaterThan(1);
    }

    @Test
    void offersAllCiphersAndPrefersThatWhichCostsTheJvmLeast() throws Exception {
        var offered = ApiConnections.ciphers(SSLContext.getDefault());

        assertThat(offered)
                .startsWith("TLS_CHACHA20_POLY1305_SHA256")
                .containsExactlyInAnyOrder(
                        SSLContext.getDefault().getDefaultSSLParameters().getCipherSuites());
    }
}
