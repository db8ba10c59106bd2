package dev.planetary.azure;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.http.HttpClient;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.planetary.azure.FakeAks.Reply;
import dev.planetary.settings.AzureSettings;
import dev.planetary.tls.Authority;
import dev.planetary.tls.TlsContexts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import reactor.core.publisher.Mono;

/**
 * Azure Resource Manager before one AKS cluster: HTTPS, bearer tokens, throttling, the headers of long-running operations with links as
 * long as Azure's, and whatever else a test wants to go wrong.
 */
public final class FakeArm implements AutoCloseable {
    static final String TOKEN = "a-token-of-entra";
    /** What Kubernetes gives a pod for Entra. */
    static final String FEDERATED = "a-token-of-kubernetes";
    /** Under these it is known where it is found in Azure's place. */
    public static final String NAME = "management.azure.com";

    public static final String NAME_OF_ENTRA = "login.microsoftonline.com";

    private static final String CLUSTER =
            "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks";
    private static final Clock CLOCK = Clock.systemUTC();
    /** Azure's links carry a token of more than 3 kB since 2025. */
    private static final String LONG = "t=" + "x".repeat(3500);

    /** A request. */
    public record Call(String method, String what, String pool, long at) {
        Buckets.Kind bucket() {
            return switch (method + " " + what) {
                case "PUT agentPools" -> Buckets.Kind.PUT_POOL;
                case "GET operations" -> Buckets.Kind.GET_OPERATION;
                case "GET managedClusters" -> Buckets.Kind.GET_CLUSTER;
                default -> Buckets.Kind.OTHER;
            };
        }

        public boolean write() {
            return !method.equals("GET");
        }

        @Override
        public String toString() {
            return method + " " + what + (pool.isEmpty() ? "" : " " + pool);
        }
    }

    private static final Authority AUTHORITY = Authority.create("fake Azure", CLOCK, Duration.ofDays(1));
    private static final SSLContext TLS = tls();

    private final FakeAks aks = new FakeAks();
    private final List<Call> calls = new CopyOnWriteArrayList<>();
    private final List<Call> refusedByBuckets = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpsServer server;
    private final Buckets buckets;
    private volatile Function<Call, Optional<Reply>> faults = _ -> Optional.empty();
    private volatile Predicate<String> federated = FEDERATED::equals;

    public FakeArm() {
        this(Duration.ofSeconds(1));
    }

    /** @param second how long a second of Azure's buckets lasts */
    public FakeArm(Duration second) {
        this(second, InetAddress.ofLiteral("127.0.0.1"));
    }

    /** @param address of this machine, at which it is reached */
    public FakeArm(Duration second, InetAddress address) {
        buckets = new Buckets(second);
        try {
            server = HttpsServer.create(new InetSocketAddress(address, 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setHttpsConfigurator(new HttpsConfigurator(TLS));
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    private static SSLContext tls() {
        try {
            return TlsContexts.of(
                    AUTHORITY.issue("localhost", List.of("localhost", NAME, NAME_OF_ENTRA), CLOCK, Duration.ofDays(1)),
                    AUTHORITY.certificatePem());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    public FakeAks aks() {
        return aks;
    }

    /** Instead of what AKS would answer. */
    public void breaks(Function<Call, Optional<Reply>> how) {
        faults = how;
    }

    /** Whose token of Kubernetes is changed for one of Entra. */
    public void trusts(Predicate<String> token) {
        federated = token;
    }

    public List<Call> calls() {
        return List.copyOf(calls);
    }

    public List<Call> writes() {
        return calls.stream().filter(Call::write).toList();
    }

    /** Calls that came too fast for Azure's buckets. */
    public List<Call> tooMany() {
        return List.copyOf(refusedByBuckets);
    }

    public URI endpoint() {
        return URI.create("https://localhost:" + port() + "/");
    }

    public int port() {
        return server.getAddress().getPort();
    }

    public String authorityPem() {
        return AUTHORITY.certificatePem();
    }

    /** Over Azure's real SDK, as in production but for the identity. */
    public AgentPools client() {
        TokenCredential credential =
                _ -> Mono.just(new AccessToken(TOKEN, OffsetDateTime.now(CLOCK).plusHours(1)));
        return AzureLine.of(settings(), http(), credential);
    }

    HttpClient http() {
        return ArmPipeline.client(TLS);
    }

    AzureSettings settings() {
        return new Settings(endpoint());
    }

    private record Settings(URI endpoint) implements AzureSettings {
        @Override
        public Optional<String> subscriptionId() {
            return Optional.of("sub");
        }

        @Override
        public Optional<String> resourceGroup() {
            return Optional.of("rg");
        }

        @Override
        public Optional<String> clusterName() {
            return Optional.of("aks");
        }

        @Override
        public Optional<Path> caFile() {
            return Optional.empty();
        }

        @Override
        public Duration poll() {
            return Duration.ofMillis(50);
        }

        @Override
        public Duration rest() {
            return Duration.ofMillis(200);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            var reply = reply(exchange, body);
            reply.headers().forEach((name, value) -> {
                if (name.equals("operation")) {
                    var link = endpoint() + "operations/" + value + "?api-version=1&" + LONG;
                    exchange.getResponseHeaders().add("Azure-AsyncOperation", link);
                    exchange.getResponseHeaders().add("Location", link);
                } else {
                    exchange.getResponseHeaders().add(name, value);
                }
            });
            var bytes = reply.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(reply.status(), bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private Reply reply(HttpExchange exchange, String body) {
        var path = exchange.getRequestURI().getPath();
        var call = call(exchange.getRequestMethod(), path);
        if (path.endsWith("/oauth2/v2.0/token")) {
            return token(body);
        }
        if (path.equals("/common/discovery/instance")) {
            return discovery();
        }
        calls.add(call);
        if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            return Reply.error(
                    401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
        }
        var wait = buckets.take(call.bucket(), call.bucket() == Buckets.Kind.PUT_POOL ? call.pool : "");
        if (wait > 0) {
            refusedByBuckets.add(call);
            return Reply.error(429, "Throttled", "The request is being throttled.")
                    .with("Retry-After", "" + wait);
        }
        var fault = faults.apply(call);
        if (fault.isPresent()) {
            return fault.get();
        }
        var headers = exchange.getRequestHeaders();
        return switch (call.method + " " + call.what) {
            case "GET managedClusters" ->
                path.equals(CLUSTER)
                        ? aks.getCluster(path)
                        : Reply.error(404, "ResourceNotFound", path + " was not found");
            case "GET agentPools" -> call.pool.isEmpty() ? aks.list() : aks.get(call.pool);
            case "PUT agentPools" ->
                aks.put(call.pool, json(body), headers.getFirst("If-Match"), headers.getFirst("If-None-Match"));
            case "DELETE agentPools" -> aks.delete(call.pool, headers.getFirst("If-Match"));
            case "GET operations" -> aks.operation(call.pool);
            default -> Reply.error(404, "NotFound", path);
        };
    }

    /** Entra's part: a token for whoever shows Kubernetes' one. */
    private Reply token(String body) {
        var shown = Arrays.stream(body.split("&"))
                .filter(field -> field.startsWith("client_assertion="))
                .map(field -> URLDecoder.decode(field.substring(field.indexOf('=') + 1), StandardCharsets.UTF_8))
                .findFirst();
        return shown.filter(federated).isPresent()
                ? Reply.of(
                        200,
                        FakeAks.JSON
                                .createObjectNode()
                                .put("token_type", "Bearer")
                                .put("expires_in", 3600)
                                .put("access_token", TOKEN))
                : Reply.of(
                        400,
                        FakeAks.JSON
                                .createObjectNode()
                                .put("error", "invalid_client")
                                .put("error_description", "AADSTS700211: no matching federated identity record"));
    }

    /** What Entra says of itself, before it is asked for a token. */
    private static Reply discovery() {
        var answer = FakeAks.JSON
                .createObjectNode()
                .put(
                        "tenant_discovery_endpoint",
                        "https://" + NAME_OF_ENTRA + "/common/v2.0/.well-known/openid-configuration");
        var metadata = answer.putArray("metadata")
                .addObject()
                .put("preferred_network", NAME_OF_ENTRA)
                .put("preferred_cache", NAME_OF_ENTRA);
        metadata.putArray("aliases").add(NAME_OF_ENTRA);
        return Reply.of(200, answer);
    }

    private static Call call(String method, String path) {
        var rest = path.startsWith(CLUSTER + "/")
                ? path.substring(CLUSTER.length() + 1)
                : path.equals(CLUSTER) ? "" : path.substring(1);
        var parts = rest.split("/", 2);
        return new Call(
                method,
                parts[0].isEmpty() || path.contains("/managedClusters/") && !path.startsWith(CLUSTER)
                        ? "managedClusters"
                        : parts[0],
                parts.length > 1 ? parts[1] : "",
                System.nanoTime());
    }

    private static ObjectNode json(String body) {
        try {
            return (ObjectNode) FakeAks.JSON.readTree(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
