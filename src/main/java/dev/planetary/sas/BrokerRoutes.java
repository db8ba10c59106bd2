package dev.planetary.sas;

import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.function.Function;

/**
 * The Planetary Computer's SAS API, as its clients know it: {@code /token/{account}/{container}}, {@code /token/{collection}} and
 * {@code /sign?href=}. 404 says that the Planetary Computer has no token for it, now or later; 503 that there is none at the moment.
 */
final class BrokerRoutes {
    static final String API = "/api/sas/v1";
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss'Z'").withZone(ZoneOffset.UTC);

    private final TokenBroker broker;
    private final Admission admission;
    private final SubscriptionKey key;
    private final BrokerMeters meters;

    BrokerRoutes(TokenBroker broker, Admission admission, SubscriptionKey key, BrokerMeters meters) {
        this.broker = broker;
        this.admission = admission;
        this.key = key;
        this.meters = meters;
    }

    void on(Router router) {
        router.get(API + "/token/:account/:container")
                .handler(call ->
                        token(call, TokenScope.container(call.pathParam("account"), call.pathParam("container"))));
        router.get(API + "/token/:collection")
                .handler(call -> token(call, TokenScope.collection(call.pathParam("collection"))));
        router.get(API + "/sign").handler(this::sign);
        router.get("/health").handler(this::health);
    }

    private void token(RoutingContext call, Optional<TokenScope> scope) {
        answer(call, scope, token -> new JsonObject()
                .put("msft:expiry", time(token.expiry()))
                .put("token", token.query()));
    }

    private void sign(RoutingContext call) {
        var href = Optional.ofNullable(call.queryParams().get("href")).orElse("");
        answer(call, admission.ofBlob(href), token -> new JsonObject()
                .put("msft:expiry", time(token.expiry()))
                .put("href", href + (href.contains("?") ? "&" : "?") + token.query()));
    }

    /** Ready also while upstream is in trouble: what is held is still good, and another replica has no better luck. */
    private void health(RoutingContext call) {
        var own = key.problem();
        var body = new JsonObject()
                .put("status", own.isEmpty() ? "UP" : "DOWN")
                .put("upstream", broker.trouble().orElse("UP"));
        own.ifPresent(problem -> body.put("problem", problem));
        end(call, own.isEmpty() ? 200 : 503, body);
    }

    private void answer(RoutingContext call, Optional<TokenScope> scope, Function<SasToken, JsonObject> body) {
        if (scope.filter(admission::admits).isEmpty()) {
            meters.served(BrokerMeters.REFUSED);
            end(call, 404, detail("no token is handed out for this"));
            return;
        }
        broker.token(scope.get()).whenComplete((served, e) -> {
            switch (served) {
                case null -> end(call, 500, detail("the broker failed"));
                case Served.Token(var token) -> end(call, 200, body.apply(token));
                case Served.NotThere(var why) -> end(call, 404, detail(why));
                case Served.NotNow(var why, var after) -> {
                    call.response().putHeader("Retry-After", String.valueOf(Math.max(1, after.toSeconds())));
                    end(call, 503, detail(why));
                }
            }
        });
    }

    private static JsonObject detail(String words) {
        return new JsonObject().put("detail", words);
    }

    private static String time(Instant expiry) {
        return SECONDS.format(expiry);
    }

    /** Whoever asked may have gone. */
    private static void end(RoutingContext call, int status, JsonObject body) {
        var response = call.response();
        if (!response.ended() && !response.closed()) {
            response.setStatusCode(status)
                    .putHeader("Content-Type", "application/json")
                    .putHeader("Cache-Control", "no-store")
                    .end(body.encode());
        }
    }
}
