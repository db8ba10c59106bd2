package dev.planetary.sas;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The broker with real sockets on both sides. */
class BrokerOverHttpTest {
    private static final String KEY = "the-platforms-own-key";
    private static final String SECRET = "sig=c2VjcmV0";

    @TempDir
    Path folder;

    private final BlockingQueue<Integer> statuses = new LinkedBlockingQueue<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<String> keys = new CopyOnWriteArrayList<>();
    private final CountDownLatch open = new CountDownLatch(1);
    private final List<String> logged = new CopyOnWriteArrayList<>();
    private final Handler log = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            logged.add(entry.getMessage() + " " + entry.getThrown());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };
    private final Logger root = Logger.getLogger("");
    private final Level level = root.getLevel();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Vertx vertx = Vertx.vertx();
    private HttpServer upstream;
    private URI broker;
    private Path key;

    @BeforeEach
    void start() throws Exception {
        root.addHandler(log);
        root.setLevel(Level.ALL);
        upstream = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        upstream.setExecutor(executor);
        upstream.createContext("/api/sas/v1/token/", this::answer);
        upstream.start();
        key = Files.writeString(folder.resolve("key"), KEY + "\n");
        var meters = new BrokerMeters(registry);
        var subscription = new SubscriptionKey(Optional.of(key));
        var there = URI.create("http://127.0.0.1:" + upstream.getAddress().getPort() + "/api/sas/v1");
        var source = new HttpUpstream(there, subscription, SSLContext.getDefault(), Duration.ofSeconds(2));
        var router = Router.router(vertx);
        new BrokerRoutes(
                        new TokenBroker(source, Clock.systemUTC(), Later.REAL, meters),
                        new Admission(Set.of("naipeuwest"), Set.of("naip"), ".blob.core.windows.net"),
                        subscription,
                        meters)
                .on(router);
        var server = vertx.createHttpServer(
                        new HttpServerOptions().setHost("127.0.0.1").setPort(0))
                .requestHandler(router)
                .listen()
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        broker = URI.create("http://127.0.0.1:" + server.actualPort());
    }

    @AfterEach
    void stop() {
        upstream.stop(0);
        executor.shutdownNow();
        http.shutdownNow();
        vertx.close().toCompletionStage().toCompletableFuture().join();
        root.setLevel(level);
        root.removeHandler(log);
    }

    @Test
    void two_hundred_who_ask_at_once_cause_one_request_upstream() {
        // Given: upstream does not answer before all have asked
        var answers = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        for (var i = 0; i < 200; i++) {
            answers.add(http.sendAsync(request("/api/sas/v1/token/naipeuwest/naip"), BodyHandlers.ofString()));
        }
        Awaitility.await().until(() -> asked.size() == 1);

        // When
        open.countDown();

        // Then
        assertThat(answers.stream()
                        .map(CompletableFuture::join)
                        .map(HttpResponse::body)
                        .distinct())
                .hasSize(1);
        assertThat(asked).containsExactly("/api/sas/v1/token/naipeuwest/naip");
    }

    @Test
    void each_of_the_three_forms_is_answered_as_the_Planetary_Computer_does() throws Exception {
        open.countDown();
        var blob = "https://naipeuwest.blob.core.windows.net/naip/a b.tif";

        var token = json(get("/api/sas/v1/token/naipeuwest/naip"));
        var collection = json(get("/api/sas/v1/token/naip"));
        var signed = json(get("/api/sas/v1/sign?href=" + URLEncoder.encode(blob, StandardCharsets.UTF_8)));

        assertThat(token.get("token").asText()).contains(SECRET);
        assertThat(Instant.parse(token.get("msft:expiry").asText()))
                .isAfter(Instant.now().plusSeconds(2600));
        assertThat(collection.get("token").asText()).contains(SECRET);
        assertThat(signed.get("href").asText()).startsWith(blob + "?").contains(SECRET);
        assertThat(asked).containsExactly("/api/sas/v1/token/naipeuwest/naip", "/api/sas/v1/token/naip");
    }

    @Test
    void what_is_not_admitted_does_not_reach_upstream() throws Exception {
        open.countDown();

        for (var path : List.of(
                "/api/sas/v1/token/landsateuwest/landsat-c2",
                "/api/sas/v1/token/sentinel-2-l2a",
                "/api/sas/v1/token/naipeuwest/..%2f..%2fadmin",
                "/api/sas/v1/sign?href=https://example.org/a.tif",
                "/api/sas/v1/sign")) {
            assertThat(get(path).statusCode()).as(path).isEqualTo(404);
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void a_429_is_waited_out() throws Exception {
        open.countDown();
        statuses.addAll(List.of(429, 503));

        assertThat(get("/api/sas/v1/token/naipeuwest/naip").statusCode()).isEqualTo(200);
        assertThat(asked).hasSize(3);
    }

    @Test
    void a_refused_key_is_503_for_readers_who_would_take_403_for_an_answer() throws Exception {
        open.countDown();
        statuses.add(403);

        var answer = get("/api/sas/v1/token/naipeuwest/naip");

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValue("Retry-After")).isPresent();
        assertThat(answer.body()).contains("subscription key").doesNotContain(KEY);
    }

    @Test
    void the_key_goes_upstream_and_nowhere_else_and_no_secret_is_logged() throws Exception {
        open.countDown();
        statuses.addAll(List.of(302, 500));

        var answers =
                List.of(get("/api/sas/v1/token/naipeuwest/naip"), get("/api/sas/v1/token/nowhere"), get("/health"));

        assertThat(keys).isNotEmpty().allMatch(KEY::equals);
        assertThat(answers)
                .allSatisfy(answer ->
                        assertThat(answer.body() + answer.headers().map()).doesNotContain(KEY));
        assertThat(logged).noneMatch(line -> line.contains("sig=") || line.contains(KEY));
        assertThat(registry.getMetersAsString()).doesNotContain("sig=", KEY);
        // and the log was listened to
        Logger.getLogger("test").info("heard");
        assertThat(logged).anyMatch(line -> line.contains("heard"));
    }

    @Test
    void a_changed_key_needs_no_restart() throws Exception {
        open.countDown();
        get("/api/sas/v1/token/naipeuwest/naip");

        Files.writeString(key, "another");
        get("/api/sas/v1/token/naip");

        assertThat(keys).containsExactly(KEY, "another");
    }

    @Test
    void readiness_is_not_lost_to_upstream_s_trouble_and_tells_of_it() throws Exception {
        open.countDown();
        statuses.add(403);
        get("/api/sas/v1/token/naipeuwest/naip");

        var health = get("/health");

        assertThat(health.statusCode()).isEqualTo(200);
        assertThat(json(health).get("status").asText()).isEqualTo("UP");
        assertThat(json(health).get("upstream").asText()).contains("refuses us (403)");
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            asked.add(exchange.getRequestURI().getPath());
            keys.add(exchange.getRequestHeaders().getFirst("Ocp-Apim-Subscription-Key"));
            open.await();
            var status = Optional.ofNullable(statuses.poll()).orElse(200);
            if (status == 302) {
                exchange.getResponseHeaders().add("Location", broker + "/elsewhere");
            }
            var body = status == 200
                    ? "{\"msft:expiry\":\"%s\",\"token\":\"sp=rl&%s\"}"
                            .formatted(Instant.now().plusSeconds(2700).truncatedTo(ChronoUnit.SECONDS), SECRET)
                    : "{\"message\": \"Rate limit is exceeded. Try again in 1 seconds.\", \"leak\": \"" + SECRET
                            + "\"}";
            var bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private HttpRequest request(String path) {
        return HttpRequest.newBuilder(URI.create(broker + path)).build();
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(request(path), BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) throws IOException {
        return new ObjectMapper().readTree(response.body());
    }
}
