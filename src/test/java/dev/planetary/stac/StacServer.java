package dev.planetary.stac;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A small catalogue with real sockets. What it has no word of is not there. */
public final class StacServer implements AutoCloseable {
    private static final String PATH = "/api/stac/v1";

    private record Reply(int status, String body) {}

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, Reply> replies = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile CountDownLatch gate = new CountDownLatch(0);

    public StacServer() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + PATH;
    }

    /** As the Planetary Computer describes a collection. */
    public StacServer has(String id, String region) {
        return replies(
                id,
                200,
                """
                {"type": "Collection", "id": "%s", "msft:region": "%s", "msft:storage_account": "%seuwest", "links": []}"""
                        .formatted(id, region, id));
    }

    public StacServer replies(String id, int status, String body) {
        replies.put(PATH + "/collections/" + id, new Reply(status, body));
        return this;
    }

    /** From now on it answers nobody before it is released. */
    public void hold() {
        gate = new CountDownLatch(1);
    }

    public void release() {
        gate.countDown();
    }

    /** Paths, in their order. */
    public List<String> asked() {
        return asked;
    }

    @Override
    public void close() {
        release();
        server.stop(0);
        threads.shutdownNow();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            asked.add(exchange.getRequestURI().getPath());
            gate.await();
            var reply = replies.getOrDefault(exchange.getRequestURI().getPath(), new Reply(404, "{}"));
            var body = reply.body.getBytes(StandardCharsets.UTF_8);
            if (reply.status == 429) {
                exchange.getResponseHeaders().add("Retry-After", "23");
            }
            exchange.sendResponseHeaders(reply.status, body.length);
            exchange.getResponseBody().write(body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
