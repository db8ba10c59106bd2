package dev.planetary.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.planetary.apply.HandClock;
import dev.planetary.azure.FleetWatch.Done;
import dev.planetary.azure.FleetWatch.Turn;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is told of a turn: whoever had it knows, and were it told, the SDK would retry a failed pass of it at once, without its pauses. */
class FleetWatchTest {
    private final OneFleet azure = new OneFleet();
    private final HandClock clock = new HandClock();
    private final FleetWatch fleets = new FleetWatch(
            azure,
            new FleetPace(Duration.ofHours(1), Duration.ofHours(1), FleetPace.WRITE, Duration.ofHours(1)),
            clock);
    /** Which of the objects a, b and c are told of something, each time. */
    private final List<List<String>> told = new CopyOnWriteArrayList<>();

    @BeforeEach
    void start() {
        fleets.start(
                () -> false,
                whom -> told.add(Stream.of("a", "b", "c").filter(whom).toList()));
    }

    @AfterEach
    void close() {
        fleets.close();
    }

    @Test
    void a_look_that_shows_something_new_is_told_to_all_others() {
        fleets.take("a", (_, _) -> Optional.empty());

        assertThat(told).containsExactly(List.of("b", "c"));
    }

    @Test
    void a_look_that_shows_the_same_as_before_is_told_to_nobody() {
        fleets.take("a", (_, _) -> Optional.empty());
        told.clear();

        fleets.take("a", (_, _) -> Optional.empty());
        fleets.take("b", (_, _) -> Optional.empty());

        assertThat(told).isEmpty();
    }

    @Test
    void what_was_done_is_told_to_all_others() {
        azure.put(OneFleet.pool("np1", "a"));
        fleets.take("a", (_, _) -> Optional.empty());
        told.clear();

        fleets.take(
                "a",
                (_, live) ->
                        Optional.of(new Done(live.named("np1").orElseThrow().in("Deleting"), Optional.empty())));

        assertThat(told).containsExactly(List.of("b", "c"));
    }

    @Test
    void who_came_meanwhile_is_told_when_the_turn_is_over_and_nobody_else() {
        fleets.take("a", (_, _) -> Optional.empty());
        told.clear();

        fleets.take("a", (_, _) -> {
            assertThat(other("b")).isInstanceOf(Turn.Taken.class);
            assertThat(told).isEmpty();
            return Optional.empty();
        });
        fleets.take("a", (_, _) -> Optional.empty());

        assertThat(told).containsExactly(List.of("b"));
    }

    @Test
    void who_came_meanwhile_is_told_also_of_a_turn_that_failed() {
        fleets.take("a", (_, _) -> Optional.empty());
        told.clear();

        assertThatThrownBy(() -> fleets.take("a", (_, _) -> {
                    other("b");
                    throw new IllegalStateException();
                }))
                .isInstanceOf(IllegalStateException.class);

        assertThat(told).containsExactly(List.of("b"));
    }

    @Test
    void that_Azure_wants_to_be_left_alone_is_told_to_all_others() {
        fleets.take("a", (_, _) -> Optional.empty());
        told.clear();

        fleets.take("a", (_, _) -> {
            throw new ArmException(new ArmError(429, "Throttled", "slowly", Optional.of(Duration.ofMinutes(5))));
        });

        assertThat(told).containsExactly(List.of("b", "c"));
    }

    @Test
    void a_change_waits_for_the_budget_of_its_pool_until_its_object_is_forgotten() {
        fleets.writes("a", "np1");
        fleets.writes("b", "np2");

        assertThat(fleets.notBefore("a", "np1")).contains(clock.instant().plus(FleetPace.WRITE));
        assertThat(fleets.notBefore("a", "np3")).isEmpty();

        fleets.forget("a");

        assertThat(fleets.notBefore("a", "np1")).isEmpty();
        assertThat(fleets.notBefore("b", "np2")).isPresent();
    }

    /** The turn is a thread's. */
    private Turn other(String uid) {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            return threads.submit(() -> fleets.take(uid, (_, _) -> Optional.empty()))
                    .get();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
