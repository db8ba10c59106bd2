package dev.planetary.tls;

import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;

/**
 * Requests to a service of the outside world, which may be slow, silent, or out of its mind: bounded in time and in size, and sent nowhere
 * but to the address that was given.
 */
public final class OutsideHttp {
    private static final Duration CONNECT = Duration.ofSeconds(3);

    private final HttpClient http;
    private final Duration limit;
    private final int longestBody;

    /**
     * @param tls         whom it trusts
     * @param limit       how long an answer may take, its body included
     * @param longestBody in bytes; more is no answer
     */
    public OutsideHttp(SSLContext tls, Duration limit, int longestBody) {
        this.http = builder(tls).connectTimeout(CONNECT).build();
        this.limit = limit;
        this.longestBody = longestBody;
    }

    /** What all ways out have in common. Redirects are not followed: a request may carry a key. */
    public static HttpClient.Builder builder(SSLContext tls) {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .sslContext(tls);
    }

    /** {@return the answer, whatever its status; failed with what {@link #words} has words for} */
    public CompletableFuture<HttpResponse<byte[]>> send(HttpRequest.Builder request) {
        var sent = http.sendAsync(
                request.timeout(limit).build(), BodyHandlers.limiting(BodyHandlers.ofByteArray(), longestBody));
        // The client's own limit ends with the headers.
        return sent.copy().orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS).whenComplete((_, e) -> {
            if (e instanceof TimeoutException) {
                sent.cancel(true);
            }
        });
    }

    /** How long an answer asks us to wait, if it says so in seconds. */
    public static Optional<Duration> retryAfter(HttpResponse<?> response) {
        return response.headers()
                .firstValue("Retry-After")
                .filter(value -> value.matches("\\d{1,6}"))
                .map(Long::parseLong)
                .map(Duration::ofSeconds);
    }

    /**
     * Why there is no answer, with nothing in it that was sent or came.
     *
     * @param whom the beginning of the sentence
     */
    public String words(String whom, Throwable e) {
        var cause = e.getCause() == null ? e : e.getCause();
        var late = cause instanceof TimeoutException
                || cause instanceof HttpTimeoutException && !(cause instanceof HttpConnectTimeoutException);
        return late
                ? "%s does not answer within %d s".formatted(whom, limit.toSeconds())
                : "%s cannot be reached: %s".formatted(whom, cause.getClass().getSimpleName());
    }
}
