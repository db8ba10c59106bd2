package dev.planetary.sas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.planetary.sas.UpstreamAnswer.Busy;
import dev.planetary.sas.UpstreamAnswer.Denied;
import dev.planetary.sas.UpstreamAnswer.Failed;
import dev.planetary.sas.UpstreamAnswer.Granted;
import dev.planetary.sas.UpstreamAnswer.Unknown;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/** The SAS API over HTTPS. It alone sees the subscription key, and sends it to that one address: redirects are not followed. */
final class HttpUpstream implements Upstream {
    private static final Duration CONNECT = Duration.ofSeconds(3);
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int LONGEST_BODY = 64 << 10;
    /** What the real service says in its 429: "Rate limit is exceeded. Try again in 23 seconds." */
    private static final Pattern TRY_AGAIN = Pattern.compile("[Tt]ry again in (\\d{1,4}) seconds");

    private final ObjectMapper json = new ObjectMapper();
    private final URI base;
    private final SubscriptionKey key;
    private final HttpClient http;
    private final Duration limit;

    HttpUpstream(URI base, SubscriptionKey key, SSLContext tls) {
        this(base, key, tls, LIMIT);
    }

    HttpUpstream(URI base, SubscriptionKey key, SSLContext tls, Duration limit) {
        this.base = base;
        this.key = key;
        this.limit = limit;
        http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT)
                .sslContext(tls)
                .build();
    }

    @Override
    public CompletableFuture<UpstreamAnswer> fetch(TokenScope scope) {
        var request = HttpRequest.newBuilder(URI.create(base + "/token/" + scope.path()))
                .timeout(limit);
        try {
            key.value().ifPresent(value -> request.header("Ocp-Apim-Subscription-Key", value));
        } catch (IOException e) {
            return CompletableFuture.completedFuture(new Failed(
                    "the subscription key cannot be read: " + e.getClass().getSimpleName(), Optional.empty()));
        }
        return http.sendAsync(request.build(), BodyHandlers.limiting(BodyHandlers.ofByteArray(), LONGEST_BODY))
                // The client's own limit ends with the headers.
                .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
                .handle((response, e) -> e == null ? answer(response) : new Failed(words(e), Optional.empty()));
    }

    private UpstreamAnswer answer(HttpResponse<byte[]> response) {
        var status = response.statusCode();
        return switch (status) {
            case 200 -> token(response.body());
            case 400, 404 -> new Unknown();
            case 401, 403 ->
                new Denied("the Planetary Computer refuses us (" + status + ")"
                        + (key.isSet() ? ": is the subscription key right?" : ""));
            case 429 -> new Busy(pause(response));
            default -> new Failed("the Planetary Computer answers " + status, pause(response));
        };
    }

    private UpstreamAnswer token(byte[] body) {
        try {
            var read = json.readTree(body);
            var token = text(read, "token");
            var expiry = text(read, "msft:expiry");
            if (token.isPresent() && expiry.isPresent()) {
                return new Granted(new SasToken(token.get(), instant(expiry.get())));
            }
        } catch (IOException | DateTimeParseException e) {
            // Neither is quoted: it may hold the token.
        }
        return new Failed("the Planetary Computer answers with something that is no token", Optional.empty());
    }

    private static Optional<String> text(JsonNode node, String field) {
        return Optional.ofNullable(node.get(field)).filter(JsonNode::isTextual).map(JsonNode::textValue);
    }

    /** Without a zone it is UTC. */
    private static Instant instant(String text) {
        var parsed = DateTimeFormatter.ISO_DATE_TIME.parseBest(text, OffsetDateTime::from, LocalDateTime::from);
        return parsed instanceof OffsetDateTime zoned
                ? zoned.toInstant()
                : ((LocalDateTime) parsed).toInstant(ZoneOffset.UTC);
    }

    private static Optional<Duration> pause(HttpResponse<byte[]> response) {
        var told = response.headers()
                .firstValue("Retry-After")
                .filter(value -> value.matches("\\d{1,6}"))
                .or(() -> {
                    var match = TRY_AGAIN.matcher(new String(response.body(), StandardCharsets.UTF_8));
                    return match.find() ? Optional.of(match.group(1)) : Optional.empty();
                });
        return told.map(Long::parseLong).map(Duration::ofSeconds);
    }

    private String words(Throwable e) {
        var cause = e.getCause() == null ? e : e.getCause();
        return cause instanceof TimeoutException || e instanceof TimeoutException
                ? "the Planetary Computer does not answer within " + limit.toSeconds() + " s"
                : "the Planetary Computer cannot be reached: "
                        + cause.getClass().getSimpleName();
    }
}
