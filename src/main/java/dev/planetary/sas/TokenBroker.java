package dev.planetary.sas;

import com.github.benmanes.caffeine.cache.AsyncCacheLoader;
import com.github.benmanes.caffeine.cache.AsyncLoadingCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import dev.planetary.sas.UpstreamAnswer.Busy;
import dev.planetary.sas.UpstreamAnswer.Denied;
import dev.planetary.sas.UpstreamAnswer.Failed;
import dev.planetary.sas.UpstreamAnswer.Granted;
import dev.planetary.sas.UpstreamAnswer.Unknown;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Holds tokens and gets them. However many ask, one request per scope is under way: the cache joins them. Nothing blocks; nothing runs
 * unless somebody asks.
 */
final class TokenBroker {
    /** There are some 200 containers; what is made up must not fill the memory. */
    private static final long MOST = 2_000;
    /** How long a reader is kept waiting for its first token while upstream is busy or away: a refusal may poison its caches. */
    static final Duration PATIENCE = Duration.ofSeconds(45);

    static final Duration UNKNOWN_FOR = Duration.ofSeconds(30);
    static final Duration DENIED_FOR = Duration.ofSeconds(10);
    /** Upstream's 429 may tell no time. */
    private static final Duration QUIET = Duration.ofSeconds(1);

    private static final Duration LONGEST_QUIET = Duration.ofMinutes(2);

    private final Upstream upstream;
    private final Clock clock;
    private final Later later;
    private final BrokerMeters meters;
    private final AsyncLoadingCache<TokenScope, Held> held;
    /** Upstream throttles callers, not containers: until then nothing is asked. */
    private final AtomicReference<Instant> quietUntil = new AtomicReference<>(Instant.EPOCH);

    private final AtomicReference<Optional<String>> trouble = new AtomicReference<>(Optional.empty());

    TokenBroker(Upstream upstream, Clock clock, Later later, BrokerMeters meters) {
        this.upstream = upstream;
        this.clock = clock;
        this.later = later;
        this.meters = meters;
        held = Caffeine.newBuilder()
                .maximumSize(MOST)
                .ticker(() -> ChronoUnit.NANOS.between(Instant.EPOCH, clock.instant()))
                .executor(Runnable::run)
                .expireAfter(Expiry.<TokenScope, Held>writing((_, value) -> until(value)))
                .buildAsync(new Loader());
        meters.follow(() -> held.synchronous().estimatedSize(), trouble::get);
    }

    /** {@return a token; the future never fails} */
    CompletableFuture<Served> token(TokenScope scope) {
        var found = held.get(scope);
        var waits = !found.isDone();
        return found.thenCompose(value -> switch (value) {
            case Held.Nothing nothing -> CompletableFuture.completedFuture(refused(nothing));
            case Held.Usable usable ->
                switch (Freshness.of(usable, clock.instant())) {
                    case AS_IT_IS -> CompletableFuture.completedFuture(handOut(usable, waits));
                    case RENEW_BEHIND -> {
                        renew(scope);
                        yield CompletableFuture.completedFuture(handOut(usable, waits));
                    }
                    case RENEW_FIRST ->
                        renew(scope)
                                .thenApply(next -> next instanceof Held.Usable better
                                        ? handOut(better, true)
                                        : handOut(usable, true));
                };
        });
    }

    /** {@return what is wrong upstream, as far as was seen when it was last asked} */
    Optional<String> trouble() {
        return trouble.get();
    }

    private Served handOut(Held.Usable usable, boolean waited) {
        meters.served(usable.late() ? BrokerMeters.STALE : waited ? BrokerMeters.MISS : BrokerMeters.HIT);
        return new Served.Token(usable.token());
    }

    private Served refused(Held.Nothing nothing) {
        meters.served(nothing.unknown() ? BrokerMeters.UNKNOWN : BrokerMeters.UNAVAILABLE);
        return nothing.unknown()
                ? new Served.NotThere(nothing.why())
                : new Served.NotNow(nothing.why(), until(nothing));
    }

    private Duration until(Held value) {
        var left = Duration.between(clock.instant(), value.until());
        return left.isNegative() ? Duration.ZERO : left;
    }

    /** Joins a renewal that is under way. */
    private CompletableFuture<Held> renew(TokenScope scope) {
        return held.synchronous().refresh(scope);
    }

    /** The first token, or one after a time without any: those who wait are kept waiting while there is hope. */
    private CompletableFuture<Held> first(TokenScope scope, Instant deadline, int attempt) {
        var quiet = quiet();
        if (quiet.isPresent()) {
            return again(scope, deadline, attempt, quiet.get(), "the Planetary Computer asks us to wait");
        }
        return ask(scope).thenCompose(answer -> switch (answer) {
            case Granted(var token) -> CompletableFuture.completedFuture(Held.Usable.fresh(token, clock.instant()));
            case Unknown _ -> nothing(true, "the Planetary Computer knows no " + scope.path(), UNKNOWN_FOR);
            case Denied(var what) -> nothing(false, what, DENIED_FOR);
            case Busy(var pause) ->
                again(scope, deadline, attempt, Freshness.pause(attempt, pause), "the Planetary Computer is busy");
            case Failed(var what, var pause) -> again(scope, deadline, attempt, Freshness.pause(attempt, pause), what);
        });
    }

    private CompletableFuture<Held> again(TokenScope scope, Instant deadline, int attempt, Duration pause, String why) {
        return clock.instant().plus(pause).isAfter(deadline)
                ? nothing(false, why, pause)
                : later.pass(pause).thenCompose(_ -> first(scope, deadline, attempt + 1));
    }

    private CompletableFuture<Held> nothing(boolean unknown, String why, Duration time) {
        return CompletableFuture.completedFuture(
                new Held.Nothing(unknown, why, clock.instant().plus(time)));
    }

    /** One try: there is a token meanwhile. */
    private CompletableFuture<Held> next(TokenScope scope, Held.Usable now) {
        var quiet = quiet();
        if (quiet.isPresent()) {
            return CompletableFuture.completedFuture(now.again(clock.instant(), quiet));
        }
        return ask(scope).thenApply(answer -> switch (answer) {
            case Granted(var token) -> Held.Usable.fresh(token, clock.instant());
            case Busy(var pause) -> now.again(clock.instant(), pause);
            case Failed failed -> now.again(clock.instant(), failed.pause());
            case Unknown _, Denied _ -> now.again(clock.instant(), Optional.empty());
        });
    }

    private CompletableFuture<UpstreamAnswer> ask(TokenScope scope) {
        return upstream.fetch(scope).exceptionally(TokenBroker::failed).thenApply(answer -> {
            var checked = answer instanceof Granted(var token)
                            && !token.left(clock.instant()).isPositive()
                    ? new Failed("the token that came had ended: is the clock of this node right?", Optional.empty())
                    : answer;
            meters.asked(checked);
            trouble.set(
                    switch (checked) {
                        case Granted _, Unknown _ -> Optional.empty();
                        case Busy _ -> Optional.of("the Planetary Computer is busy (429)");
                        case Denied(var what) -> Optional.of(what);
                        case Failed failed -> Optional.of(failed.what());
                    });
            if (checked instanceof Busy(var pause)) {
                var time = pause.orElse(QUIET);
                var until = clock.instant().plus(time.compareTo(LONGEST_QUIET) < 0 ? time : LONGEST_QUIET);
                // Several requests may have been under way: what one was told of a longer time stands.
                quietUntil.accumulateAndGet(until, (one, other) -> one.isAfter(other) ? one : other);
            }
            return checked;
        });
    }

    private Optional<Duration> quiet() {
        var left = Duration.between(clock.instant(), quietUntil.get());
        return left.isPositive() ? Optional.of(left) : Optional.empty();
    }

    /** The message of an exception may quote anything; its kind cannot. */
    private static UpstreamAnswer failed(Throwable e) {
        return new Failed("the request failed: " + e.getClass().getSimpleName(), Optional.empty());
    }

    private final class Loader implements AsyncCacheLoader<TokenScope, Held> {
        @Override
        public CompletableFuture<? extends Held> asyncLoad(TokenScope scope, Executor executor) {
            return first(scope, clock.instant().plus(PATIENCE), 0);
        }

        @Override
        public CompletableFuture<? extends Held> asyncReload(TokenScope scope, Held now, Executor executor) {
            return now instanceof Held.Usable usable ? next(scope, usable) : asyncLoad(scope, executor);
        }
    }
}
