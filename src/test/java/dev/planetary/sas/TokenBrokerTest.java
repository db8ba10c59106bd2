package dev.planetary.sas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.apply.HandClock;
import dev.planetary.sas.UpstreamAnswer.Busy;
import dev.planetary.sas.UpstreamAnswer.Denied;
import dev.planetary.sas.UpstreamAnswer.Failed;
import dev.planetary.sas.UpstreamAnswer.Granted;
import dev.planetary.sas.UpstreamAnswer.Unknown;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What the broker does in time, which passes by hand. */
class TokenBrokerTest {
    private static final TokenScope NAIP = new TokenScope.Container("naipeuwest", "naip");
    private static final TokenScope LANDSAT = new TokenScope.Container("landsateuwest", "landsat-c2");
    private static final UpstreamAnswer DOWN = new Failed("the Planetary Computer answers 503", Optional.empty());

    private final HandClock clock = new HandClock();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Deque<UpstreamAnswer> answers = new ArrayDeque<>();
    /** Come before the answers, and when a test says so. */
    private final Deque<CompletableFuture<UpstreamAnswer>> underWay = new ArrayDeque<>();

    private final List<TokenScope> asked = new ArrayList<>();
    private Duration life = Duration.ofMinutes(45);
    /** Waits pass at once, and the clock with them. */
    private final TokenBroker broker = new TokenBroker(this::answer, clock, this::pass, new BrokerMeters(registry));

    @Test
    void a_token_is_fetched_once_and_handed_out_until_shortly_before_its_end() {
        var first = token(NAIP);

        clock.pass(Duration.ofSeconds(2399));
        assertThat(token(NAIP)).isEqualTo(first);
        assertThat(asked).containsExactly(NAIP);
    }

    @Test
    void the_next_one_is_fetched_ahead_while_the_old_one_is_handed_out() {
        var first = token(NAIP);

        clock.pass(Duration.ofSeconds(2401));
        assertThat(token(NAIP)).isEqualTo(first);
        assertThat(token(NAIP)).isNotEqualTo(first);
        assertThat(asked).hasSize(2);
    }

    @Test
    void after_an_idle_time_the_next_one_comes_first_so_that_more_than_a_minute_is_left() {
        token(NAIP);

        clock.pass(Duration.ofSeconds(2650));
        assertThat(token(NAIP).left(clock.instant())).isEqualTo(life);
    }

    @Test
    void while_upstream_is_down_what_is_held_is_handed_out_until_its_end_and_upstream_is_not_pestered() {
        var first = token(NAIP);
        clock.pass(Duration.ofSeconds(2401));
        answers.addAll(Collections.nCopies(100, DOWN));

        for (var second = 0; second < 290; second += 5) {
            assertThat(token(NAIP)).isEqualTo(first);
            clock.pass(Duration.ofSeconds(5));
        }

        assertThat(asked.size() - 1).isBetween(5, 20);
        assertThat(broker.trouble()).contains("the Planetary Computer answers 503");
        assertThat(count("planetary.sas.served", "how", "stale")).isPositive();
    }

    @Test
    void it_recovers_from_an_outage() {
        token(NAIP);
        clock.pass(Duration.ofSeconds(2660));
        answers.add(DOWN);
        token(NAIP);

        clock.pass(Duration.ofSeconds(30));
        assertThat(token(NAIP).left(clock.instant())).isEqualTo(life);
        assertThat(broker.trouble()).isEmpty();
    }

    @Test
    void a_first_request_outlives_an_outage_of_half_a_minute() {
        answers.addAll(Collections.nCopies(7, DOWN));
        var began = clock.instant();

        assertThat(token(NAIP).left(clock.instant())).isEqualTo(life);
        assertThat(Duration.between(began, clock.instant())).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(30));
    }

    @Test
    void a_longer_one_is_told_and_the_next_moment_it_is_tried_again() {
        answers.addAll(Collections.nCopies(100, DOWN));

        assertThat(served(NAIP)).isInstanceOfSatisfying(Served.NotNow.class, no -> {
            assertThat(no.why()).isEqualTo("the Planetary Computer answers 503");
            assertThat(no.retryAfter()).isLessThanOrEqualTo(Duration.ofSeconds(5));
        });
        var before = asked.size();
        assertThat(served(NAIP)).isInstanceOf(Served.NotNow.class);
        assertThat(asked).as("at once: nothing is asked").hasSize(before);

        answers.clear();
        clock.pass(Duration.ofSeconds(6));
        assertThat(token(NAIP).left(clock.instant())).isEqualTo(life);
    }

    @Test
    void busy_silences_the_broker_for_every_container_for_as_long_as_it_is_asked_to() {
        token(NAIP);
        clock.pass(Duration.ofSeconds(2401));
        answers.add(new Busy(Optional.of(Duration.ofSeconds(23))));
        token(NAIP);
        var busy = clock.instant();

        token(LANDSAT);

        assertThat(Duration.between(busy, clock.instant())).hasSeconds(23);
        assertThat(asked).containsExactly(NAIP, NAIP, LANDSAT);
    }

    @Test
    void of_two_requests_that_were_under_way_the_longer_quiet_counts() {
        token(NAIP);
        token(LANDSAT);
        clock.pass(Duration.ofSeconds(2401));
        var told = new CompletableFuture<UpstreamAnswer>();
        var untold = new CompletableFuture<UpstreamAnswer>();
        underWay.addAll(List.of(told, untold));
        token(NAIP);
        token(LANDSAT);
        told.complete(new Busy(Optional.of(Duration.ofSeconds(23))));
        untold.complete(new Busy(Optional.empty()));
        var busy = clock.instant();

        token(new TokenScope.Container("sentinel2l2a01", "sentinel2-l2"));

        assertThat(Duration.between(busy, clock.instant())).hasSeconds(23);
    }

    @Test
    void a_container_that_is_not_there_is_not_asked_for_again_at_once() {
        answers.add(new Unknown());

        assertThat(served(NAIP)).isInstanceOf(Served.NotThere.class);
        clock.pass(Duration.ofSeconds(29));
        assertThat(served(NAIP)).isInstanceOf(Served.NotThere.class);
        assertThat(asked).hasSize(1);
        clock.pass(Duration.ofSeconds(2));
        token(NAIP);
    }

    @Test
    void a_key_that_is_refused_is_told_at_once_and_not_sent_again_and_again() {
        answers.add(new Denied("the Planetary Computer refuses us (403): is the subscription key right?"));

        assertThat(served(NAIP)).isInstanceOfSatisfying(Served.NotNow.class, no -> assertThat(no.why())
                .contains("subscription key"));
        assertThat(served(NAIP)).isInstanceOf(Served.NotNow.class);
        assertThat(asked).hasSize(1);
    }

    @Test
    void a_token_that_had_ended_when_it_came_is_none() {
        life = Duration.ofSeconds(-1);

        assertThat(served(NAIP)).isInstanceOfSatisfying(Served.NotNow.class, no -> assertThat(no.why())
                .contains("clock"));
    }

    @Test
    void metrics_tell_how_not_whose() {
        token(NAIP);
        token(NAIP);

        assertThat(count("planetary.sas.upstream.requests", "outcome", "granted"))
                .isEqualTo(1);
        assertThat(count("planetary.sas.served", "how", "hit")).isPositive();
        assertThat(registry.getMetersAsString()).doesNotContain("naip");
    }

    private SasToken token(TokenScope scope) {
        return ((Served.Token) served(scope)).token();
    }

    private Served served(TokenScope scope) {
        return broker.token(scope).join();
    }

    private double count(String name, String tag, String value) {
        return registry.get(name).tag(tag, value).counter().count();
    }

    private CompletableFuture<UpstreamAnswer> answer(TokenScope scope) {
        asked.add(scope);
        var later = underWay.poll();
        if (later != null) {
            return later;
        }
        var next = answers.poll();
        return CompletableFuture.completedFuture(
                next != null
                        ? next
                        : new Granted(new SasToken(
                                "sig=" + asked.size(), clock.instant().plus(life))));
    }

    private CompletableFuture<Void> pass(Duration time) {
        clock.pass(time);
        return CompletableFuture.completedFuture(null);
    }
}
