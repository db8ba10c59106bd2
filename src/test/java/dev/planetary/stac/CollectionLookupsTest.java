package dev.planetary.stac;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.apply.HandClock;
import dev.planetary.stac.CollectionPlace.Asking;
import dev.planetary.stac.CollectionPlace.Found;
import dev.planetary.stac.CollectionPlace.NoCatalogue;
import dev.planetary.stac.CollectionPlace.NotFound;
import dev.planetary.stac.CollectionPlace.Unanswered;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class CollectionLookupsTest {
    private static final CollectionPlace HERE = new Found(Optional.of("westeurope"), Optional.empty());
    private static final CollectionPlace AWAY = new Unanswered("it answers 503");

    private final HandClock clock = new HandClock();
    private final Queue<Runnable> beside = new ArrayDeque<>();
    private final Deque<Catalogue.Answer> answers = new ArrayDeque<>();
    private final List<String> asked = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final List<String> counted = new ArrayList<>();
    private final CollectionLookups lookups =
            new CollectionLookups(Optional.of(this::answer), clock, beside::add, told::add, counted::add);

    @Test
    void whoever_looks_does_not_wait_and_is_told() {
        answers.add(new Catalogue.Answer(HERE, Optional.empty()));

        assertThat(lookups.place("a")).isEqualTo(new Asking());
        assertThat(lookups.place("a")).isEqualTo(new Asking());
        assertThat(asked).isEmpty();
        run();

        assertThat(told).containsExactly("a");
        assertThat(lookups.place("a")).isEqualTo(HERE);
        assertThat(asked).containsExactly("a");
        assertThat(counted).containsExactly("found");
        assertThat(beside).isEmpty();
    }

    @Test
    void what_is_found_is_asked_for_again_after_a_day_and_kept_if_there_is_no_answer() {
        known(HERE);

        clock.pass(CollectionLookups.FOUND_FOR);
        answers.add(new Catalogue.Answer(AWAY, Optional.empty()));
        assertThat(lookups.place("a")).isEqualTo(HERE);
        run();

        assertThat(lookups.place("a")).isEqualTo(HERE);
        assertThat(asked).containsExactly("a", "a");
        assertThat(counted).containsExactly("found", "failed");
    }

    @Test
    void no_answer_is_asked_for_again_with_growing_pauses_until_there_is_one() {
        known(AWAY);
        assertThat(lookups.next(List.of("a", "b"))).contains(clock.instant().plusSeconds(5));

        clock.pass(Duration.ofSeconds(4));
        assertThat(lookups.place("a")).isEqualTo(AWAY);
        assertThat(beside).isEmpty();

        clock.pass(Duration.ofSeconds(1));
        known(AWAY);
        assertThat(lookups.next(List.of("a"))).contains(clock.instant().plusSeconds(10));

        clock.pass(Duration.ofSeconds(10));
        known(HERE);
        assertThat(lookups.next(List.of("a"))).isEmpty();
        assertThat(told).hasSize(3);
    }

    @Test
    void a_collection_that_is_not_there_may_come() {
        known(new NotFound());
        clock.pass(CollectionLookups.NOT_FOUND_FOR.minusSeconds(1));
        assertThat(lookups.place("a")).isEqualTo(new NotFound());
        assertThat(beside).isEmpty();

        clock.pass(Duration.ofSeconds(1));
        known(HERE);
    }

    @Test
    void a_catalogue_that_asks_for_time_gets_it_within_reason() {
        assertThat(CollectionLookups.pause(1, Optional.of(Duration.ofSeconds(23))))
                .isEqualTo(Duration.ofSeconds(23));
        assertThat(CollectionLookups.pause(1, Optional.of(Duration.ofSeconds(1))))
                .isEqualTo(Duration.ofSeconds(5));
        assertThat(CollectionLookups.pause(1, Optional.of(Duration.ofDays(9)))).isEqualTo(Duration.ofMinutes(10));
        assertThat(CollectionLookups.pause(500, Optional.empty())).isEqualTo(Duration.ofMinutes(10));
    }

    @Test
    void without_a_catalogue_nobody_is_asked() {
        var nobody = new CollectionLookups(Optional.empty(), clock, beside::add, told::add, counted::add);

        assertThat(nobody.place("a")).isEqualTo(new NoCatalogue());
        assertThat(beside).isEmpty();
    }

    private void known(CollectionPlace place) {
        answers.add(new Catalogue.Answer(place, Optional.empty()));
        lookups.place("a");
        run();
        assertThat(lookups.place("a")).isEqualTo(place);
    }

    private void run() {
        while (!beside.isEmpty()) {
            beside.remove().run();
        }
    }

    private Catalogue.Answer answer(String id) {
        asked.add(id);
        return answers.remove();
    }
}
