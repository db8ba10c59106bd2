package dev.planetary.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecentWritesTest {
    private final HandClock clock = new HandClock();
    private final RecentWrites recent = new RecentWrites(clock);

    @Test
    void whatWasJustMadeIsThereBeforeTheCacheShowsIt() {
        recent.created("cluster", pod("new"));

        assertThat(recent.merge("cluster", Pod.class, List.of(pod("old")))).containsExactly(pod("old"), pod("new"));
        assertThat(recent.merge("cluster", Service.class, List.of())).isEmpty();
        assertThat(recent.merge("another", Pod.class, List.of())).isEmpty();
    }

    @Test
    void onceCachedTheCacheAloneCounts() {
        // Given
        recent.created("cluster", pod("new"));
        recent.merge("cluster", Pod.class, List.of(pod("new")));

        // When and then: it was there and somebody deleted it
        assertThat(recent.merge("cluster", Pod.class, List.of())).isEmpty();
    }

    @Test
    void whatWeDeletedOurselvesDoesNotComeBack() {
        // Given
        recent.created("cluster", pod("new"));

        // When
        recent.deleted("cluster", "new");

        // Then
        assertThat(recent.merge("cluster", Pod.class, List.of())).isEmpty();
        assertThat(recent.wasDeleted("cluster", "new")).isTrue();
        assertThat(recent.wasDeleted("another", "new")).isFalse();
    }

    @Test
    void nothingIsBelievedForMoreThanHalfAMinute() {
        // Given
        recent.created("cluster", pod("made"));
        recent.deleted("cluster", "gone");

        // When
        clock.pass(Duration.ofSeconds(31));

        // Then
        assertThat(recent.merge("cluster", Pod.class, List.of())).isEmpty();
        assertThat(recent.wasDeleted("cluster", "gone")).isFalse();
    }

    @Test
    void aRequestToRetireIsTakenForGrantedForFiveSecondsAndTheNextEndIsTold() {
        // Given
        var start = clock.instant();
        recent.askedToRetire("cluster", List.of("first"));
        clock.pass(Duration.ofSeconds(2));
        recent.askedToRetire("cluster", List.of("second"));

        // When and then
        assertThat(recent.nextExpiry("cluster", start)).contains(start.plusSeconds(5));
        clock.pass(Duration.ofSeconds(3));
        assertThat(recent.wasAskedToRetire("cluster", "first")).isFalse();
        assertThat(recent.wasAskedToRetire("cluster", "second")).isTrue();
        assertThat(recent.nextExpiry("cluster", clock.instant()))
                .as("one that is over hides no other")
                .contains(start.plusSeconds(7));

        // When
        recent.kept("cluster", List.of("second"));

        // Then
        assertThat(recent.nextExpiry("cluster", clock.instant())).isEmpty();
    }

    @Test
    void aClusterThatIsGoneIsForgotten() {
        recent.created("cluster", pod("new"));
        recent.deleted("cluster", "gone");

        recent.forget("cluster");

        assertThat(recent.merge("cluster", Pod.class, List.of())).isEmpty();
        assertThat(recent.wasDeleted("cluster", "gone")).isFalse();
    }

    private static Pod pod(String uid) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(uid)
                .withUid(uid)
                .endMetadata()
                .build();
    }
}
