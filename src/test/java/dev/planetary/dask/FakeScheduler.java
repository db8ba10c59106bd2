package dev.planetary.dask;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.planetary.tls.TlsContexts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/** An HTTPS server with a cluster's certificate that answers state with what a test puts, one answer a request. */
final class FakeScheduler implements AutoCloseable {

    /** What the server was asked. */
    record Asked(String method, String path, String query, String authorization, String body, int fromPort) {}

    /** What it is to answer. */
    record Answer(int status, String body) {}

    final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    final List<Asked> asked = new CopyOnWriteArrayList<>();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;
    private final Cluster cluster;
    private volatile Answer standing;

    FakeScheduler(Cluster cluster) throws Exception {
        this(cluster, InetAddress.ofLiteral("127.0.0.1"), 0);
    }

    FakeScheduler(Cluster cluster, InetAddress address, int port) throws Exception {
        this(cluster, https(cluster, new InetSocketAddress(address, port)));
    }

    /** One whose TLS is off. */
    static FakeScheduler plain(Cluster cluster) throws Exception {
        return new FakeScheduler(
                cluster, HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0));
    }

    private static HttpServer https(Cluster cluster, InetSocketAddress address) throws Exception {
        var server = HttpsServer.create(address, 0);
        server.setHttpsConfigurator(new HttpsConfigurator(
                TlsContexts.of(cluster.leaf(), cluster.authority().certificatePem())));
        return server;
    }

    private FakeScheduler(Cluster cluster, HttpServer server) {
        this.cluster = cluster;
        this.server = server;
        server.setExecutor(executor);
        server.createContext("/planetary/v1/", this::handle);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    SchedulerEndpoint endpoint() {
        return cluster.endpoint(port());
    }

    FakeScheduler answers(String state) {
        answers.add(new Answer(200, state));
        return this;
    }

    /** To every request that knows of nothing yet, as the real one: an answer that is lost with its connection is given again. */
    FakeScheduler stands(String state) {
        standing = new Answer(200, state);
        return this;
    }

    FakeScheduler answers(int status) {
        answers.add(new Answer(status, ""));
        return this;
    }

    static String state(String boot, int version) {
        return """
                {"boot": "%s", "version": %d, "workers": []}""".formatted(boot, version);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var uri = exchange.getRequestURI();
            var authorization = exchange.getRequestHeaders().getFirst("Authorization");
            var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            asked.add(new Asked(
                    exchange.getRequestMethod(),
                    uri.getPath(),
                    uri.getRawQuery(),
                    authorization,
                    body,
                    exchange.getRemoteAddress().getPort()));
            if (!("Bearer " + cluster.token()).equals(authorization)) {
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            var knows = uri.getRawQuery() != null && uri.getRawQuery().contains("boot=");
            var answer = standing != null && !knows ? standing : answers.take();
            var bytes = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }
}
