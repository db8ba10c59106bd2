package dev.planetary.stac;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.planetary.stac.CollectionPlace.Found;
import dev.planetary.stac.CollectionPlace.NotFound;
import dev.planetary.stac.CollectionPlace.Unanswered;
import dev.planetary.tls.OutsideHttp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/** The catalogue over HTTP: {@code GET <base>/collections/<id>}, of which {@code msft:region} and {@code msft:storage_account} are read. */
public final class HttpCatalogue implements Catalogue {
    /** The largest of the Planetary Computer's have some hundred KiB. */
    private static final int LONGEST_BODY = 8 << 20;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    /** What a label's value may be, for pods are placed by it. */
    private static final Pattern REGION = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

    private static final Pattern ACCOUNT = Pattern.compile("[a-z0-9]{3,24}");

    private final ObjectMapper json = new ObjectMapper();
    private final String base;
    private final OutsideHttp http;

    /** @param limit how long an answer may take, its body included */
    public HttpCatalogue(String base, SSLContext tls, Duration limit) {
        this.base = base;
        http = new OutsideHttp(tls, limit, LONGEST_BODY);
    }

    @Override
    public Answer collection(String id) {
        if (!ID.matcher(id).matches()) {
            return new Answer(new NotFound(), Optional.empty());
        }
        var request =
                HttpRequest.newBuilder(URI.create(base + "/collections/" + id)).header("Accept", "application/json");
        return http.send(request)
                .handle((response, e) ->
                        e == null ? answer(response) : unanswered(http.words("it", e), Optional.empty()))
                .join();
    }

    private Answer answer(HttpResponse<byte[]> response) {
        var status = response.statusCode();
        return switch (status) {
            case 200 -> place(response.body());
            case 404 -> new Answer(new NotFound(), Optional.empty());
            case 429 -> unanswered("it asks us to wait (429)", OutsideHttp.retryAfter(response));
            default -> unanswered("it answers " + status, OutsideHttp.retryAfter(response));
        };
    }

    private Answer place(byte[] body) {
        try {
            var read = json.readTree(body);
            if (read.isObject() && read.hasNonNull("id")) {
                var region = text(read, "msft:region")
                        .map(text -> text.toLowerCase(Locale.ROOT).replace(" ", ""));
                var readable = region.map(r -> REGION.matcher(r).matches()).orElse(!read.hasNonNull("msft:region"));
                return readable
                        ? new Answer(
                                new Found(
                                        region,
                                        text(read, "msft:storage_account")
                                                .filter(a -> ACCOUNT.matcher(a).matches())),
                                Optional.empty())
                        : unanswered("its msft:region is no region", Optional.empty());
            }
        } catch (IOException e) {
            // What came is not quoted: it may be anything.
        }
        return unanswered("it answers with something that is no collection", Optional.empty());
    }

    private static Answer unanswered(String why, Optional<Duration> pause) {
        return new Answer(new Unanswered(why), pause);
    }

    private static Optional<String> text(JsonNode node, String field) {
        return Optional.ofNullable(node.get(field)).filter(JsonNode::isTextual).map(JsonNode::textValue);
    }
}
