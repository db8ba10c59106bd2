package dev.planetary.sas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.sas.Freshness.Use;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FreshnessTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void a_token_of_45_minutes_is_renewed_five_minutes_before_its_end() {
        assertThat(use(2700, 301)).isEqualTo(Use.AS_IT_IS);
        assertThat(use(2700, 300)).isEqualTo(Use.RENEW_BEHIND);
        assertThat(use(2700, 61)).isEqualTo(Use.RENEW_BEHIND);
        assertThat(use(2700, 60)).isEqualTo(Use.RENEW_FIRST);
    }

    @Test
    void a_token_of_90_seconds_serves_for_20() {
        assertThat(use(90, 71)).isEqualTo(Use.AS_IT_IS);
        assertThat(use(90, 70)).isEqualTo(Use.RENEW_BEHIND);
    }

    @Test
    void whoever_asks_gets_more_than_a_minute_wherever_the_life_allows() {
        assertThat(IntStream.rangeClosed(75, 3000).mapToObj(Duration::ofSeconds))
                .allSatisfy(life -> {
                    assertThat(Freshness.floor(life)).isEqualTo(Duration.ofMinutes(1));
                    assertThat(Freshness.margin(life)).isBetween(Freshness.floor(life), life.minusSeconds(10));
                });
    }

    @Test
    void one_whose_life_is_too_short_for_that_serves_for_a_third_of_it() {
        assertThat(use(30, 21)).isEqualTo(Use.AS_IT_IS);
        assertThat(use(30, 20)).isEqualTo(Use.RENEW_BEHIND);
        assertThat(use(30, 15)).isEqualTo(Use.RENEW_FIRST);
    }

    @Test
    void after_a_renewal_that_failed_it_is_handed_out_until_the_next_try() {
        var held = new Held.Usable(token(40), Duration.ofSeconds(2700), NOW, false).again(NOW, Optional.empty());

        assertThat(held.late()).isTrue();
        assertThat(Freshness.of(held, NOW.plusSeconds(9))).isEqualTo(Use.AS_IT_IS);
        assertThat(Freshness.of(held, NOW.plusSeconds(10))).isEqualTo(Use.RENEW_FIRST);
    }

    @Test
    void the_less_is_left_the_sooner_it_is_tried_again_but_never_sooner_than_asked() {
        assertThat(Freshness.retry(Duration.ofSeconds(300), Optional.empty())).hasSeconds(30);
        assertThat(Freshness.retry(Duration.ofSeconds(60), Optional.empty())).hasSeconds(15);
        assertThat(Freshness.retry(Duration.ofSeconds(4), Optional.empty())).hasSeconds(5);
        assertThat(Freshness.retry(Duration.ofSeconds(4), Optional.of(Duration.ofSeconds(23))))
                .hasSeconds(23);
    }

    @Test
    void while_readers_wait_upstream_is_asked_again_in_growing_pauses() {
        assertThat(IntStream.of(0, 1, 2, 3, 4, 50)
                        .mapToObj(n -> Freshness.pause(n, Optional.empty()).toMillis()))
                .containsExactly(500L, 1000L, 2000L, 4000L, 5000L, 5000L);
        assertThat(Freshness.pause(0, Optional.of(Duration.ofSeconds(23)))).hasSeconds(23);
    }

    private static Use use(int life, int left) {
        return Freshness.of(
                new Held.Usable(token(left), Duration.ofSeconds(life), NOW.minusSeconds(life - left), false), NOW);
    }

    private static SasToken token(int left) {
        return new SasToken("sig=secret", NOW.plusSeconds(left));
    }
}
