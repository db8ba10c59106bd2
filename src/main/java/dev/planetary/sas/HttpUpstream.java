package dev.planetary.sas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.planetary.sas.UpstreamAnswer.Busy;
import dev.planetary.sas.UpstreamAnswer.Denied;
import dev.planetary.sas.UpstreamAnswer.Failed;
import dev.planetary.sas.UpstreamAnswer.Granted;
import dev.planetary.sas.UpstreamAnswer.Unknown;
import dev.planetary.tls.OutsideHttp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/** The SAS API over HTTPS. It alone sees the subscription key, and sends it to that one address: redirects are not followed. */
final class HttpUpstream implements Upstream {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int LONGEST_BODY = 64 << 10;
    /** What the real service says in its 429: "Rate limit is exceeded. Try again in 23 seconds." */
    private static final Pattern TRY_AGAIN = Pattern.compile("[Tt]ry again in (\\d{1,4}) seconds");

    private final ObjectMapper json = new ObjectMapper();
    private final URI base;
    private final SubscriptionKey key;
    private final OutsideHttp http;

    HttpUpstream(URI base, SubscriptionKey key, SSLContext tls) {
        this(base, key, tls, LIMIT);
    }

    HttpUpstream(URI base, SubscriptionKey key, SSLContext tls, Duration limit) {
        this.base = base;
        this.key = key;
        http = new OutsideHttp(tls, limit, LONGEST_BODY);
    }

    @Override
    public CompletableFuture<UpstreamAnswer> fetch(TokenScope scope) {
        var request = HttpRequest.newBuilder(URI.create(base + "/token/" + scope.path()));
        try {
            key.value().ifPresent(value -> request.header("Ocp-Apim-Subscription-Key", value));
        } catch (IOException e) {
            // Not what the exception says, which may quote it.
            return CompletableFuture.completedFuture(
                    new Failed(key.problem().orElse("the subscription key cannot be read"), Optional.empty()));
        }
        return http.send(request)
                .handle((response, e) -> e == null
                        ? answer(response)
                        : new Failed(http.words("the Planetary Computer", e), Optional.empty()));
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
        return OutsideHttp.retryAfter(response).or(() -> {
            var match = TRY_AGAIN.matcher(new String(response.body(), StandardCharsets.UTF_8));
            return match.find() ? Optional.of(Duration.ofSeconds(Long.parseLong(match.group(1)))) : Optional.empty();
        });
    }
}
