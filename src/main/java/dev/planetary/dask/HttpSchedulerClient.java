package dev.planetary.dask;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.planetary.dask.SchedulerUnavailable.Reason;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * Speaks to the schedulers of all clusters over HTTPS, or HTTP where a cluster's TLS is off, through one HTTP client. Safe for use by many
 * threads.
 */
public final class HttpSchedulerClient implements SchedulerClient, AutoCloseable {

    /**
     * Limits of a call.
     *
     * @param connect to connect
     * @param grace beyond the time that a long-poll may take
     * @param post for a request, in all
     */
    record Limits(Duration connect, Duration grace, Duration post) {}

    private static final Limits LIMITS =
            new Limits(Duration.ofSeconds(3), Duration.ofSeconds(10), Duration.ofSeconds(5));
    private static final String API = "/planetary/v1/";
    /** Some 25 000 workers. The scheduler runs users' code: it must not be able to fill the operator's memory. */
    private static final int LONGEST_BODY = 8 << 20;

    private final ObjectMapper json = new ObjectMapper();
    private final StateReader reader = new StateReader();
    private final PeerTrust trust = new PeerTrust();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Limits limits;
    private final HttpClient http;

    /** Connects within 3 s, waits 10 s longer than a long-poll may take, and 5 s for every other request. */
    public HttpSchedulerClient() {
        this(LIMITS);
    }

    HttpSchedulerClient(Limits limits) {
        this.limits = limits;
        // No proxy: the JVM's default one is for the way out of the cluster, and would see every pod's IP.
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .proxy(HttpClient.Builder.NO_PROXY)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(limits.connect())
                .executor(executor)
                .sslContext(sslContext(trust))
                .build();
    }

    @Override
    public SchedulerState state(SchedulerEndpoint endpoint, Optional<SchedulerState> last, Duration wait)
            throws IOException, InterruptedException {
        var known = last.map(state -> "&boot=" + URLEncoder.encode(state.boot(), UTF_8) + "&after=" + state.version()
                + "&jobs=" + state.jobs().version());
        var path = API + "state?wait=" + wait.toSeconds() + known.orElse("");
        var request = HttpRequest.newBuilder(endpoint.uri(path)).GET();
        var body = call(endpoint, request, wait.plus(limits.grace()));
        try {
            return reader.read(body);
        } catch (IOException e) {
            throw new SchedulerUnavailable(
                    Reason.UNEXPECTED, "GET " + API + "state at " + endpoint.address() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void retire(SchedulerEndpoint endpoint, Collection<String> uids, Duration timeout)
            throws IOException, InterruptedException {
        post(endpoint, "retire", Map.of("uids", uids, "timeout", timeout.toSeconds()));
    }

    @Override
    public void cancelRetire(SchedulerEndpoint endpoint, Collection<String> uids)
            throws IOException, InterruptedException {
        post(endpoint, "cancel-retire", Map.of("uids", uids));
    }

    @Override
    public void groups(SchedulerEndpoint endpoint, String id, Map<String, GroupOffer> groups)
            throws IOException, InterruptedException {
        post(endpoint, "groups", Map.of("id", id, "groups", groups));
    }

    @Override
    public void ending(SchedulerEndpoint endpoint) throws IOException, InterruptedException {
        post(endpoint, "ending", Map.of());
    }

    /** Breaks off what is under way and lets the threads go. */
    @Override
    public void close() {
        http.shutdownNow();
        executor.shutdownNow();
    }

    private void post(SchedulerEndpoint endpoint, String path, Map<String, ?> body)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(endpoint.uri(API + path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body)));
        call(endpoint, request, limits.post());
    }

    private byte[] call(SchedulerEndpoint endpoint, HttpRequest.Builder builder, Duration limit)
            throws IOException, InterruptedException {
        var request =
                builder.header("Authorization", "Bearer " + endpoint.token()).build();
        var what = request.method() + " " + request.uri().getPath() + " at " + endpoint.address();
        if (endpoint.caPem().isEmpty()) {
            return body(answer(request, limit, what), what);
        }
        try (var lease = trust.lease(endpoint)) {
            var response = answer(request, limit, what);
            if (!lease.covers(response.sslSession().orElseThrow())) {
                throw new SchedulerUnavailable(Reason.UNTRUSTED, what + " was answered by another cluster");
            }
            return body(response, what);
        }
    }

    private static byte[] body(HttpResponse<byte[]> response, String what) throws SchedulerUnavailable {
        return switch (response.statusCode()) {
            case 200, 202 -> response.body();
            case 401, 403 ->
                throw new SchedulerUnavailable(
                        Reason.UNAUTHORIZED, what + " was answered with " + response.statusCode());
            default ->
                throw new SchedulerUnavailable(Reason.UNEXPECTED, what + " was answered with " + response.statusCode());
        };
    }

    /** The limit is kept here, as the HTTP client's own ends with the headers: a slow body would hold us for ever. */
    private HttpResponse<byte[]> answer(HttpRequest request, Duration limit, String what)
            throws IOException, InterruptedException {
        var answer = http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), LONGEST_BODY));
        try {
            return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new SchedulerUnavailable(
                    Reason.UNREACHABLE, what + " was not answered within " + limit.toMillis() / 1000.0 + " s", e);
        } catch (ExecutionException e) {
            var cause = e.getCause();
            throw new SchedulerUnavailable(reason(cause), what + " failed: " + words(cause), cause);
        } finally {
            answer.cancel(true); // ends the exchange after a timeout or an interruption; else does nothing
        }
    }

    private static Reason reason(Throwable cause) {
        var untrusted = Stream.iterate(cause, e -> e != null, Throwable::getCause)
                .anyMatch(CertificateException.class::isInstance);
        return untrusted ? Reason.UNTRUSTED : cause instanceof IOException ? Reason.UNREACHABLE : Reason.UNEXPECTED;
    }

    /** A refused connection has no message. */
    private static String words(Throwable cause) {
        var name = cause.getClass().getSimpleName();
        return cause.getMessage() == null ? name : name + ": " + cause.getMessage();
    }

    private static SSLContext sslContext(TrustManager trust) {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no TLS", e);
        }
    }
}
