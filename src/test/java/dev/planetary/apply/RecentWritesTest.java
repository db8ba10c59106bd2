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
