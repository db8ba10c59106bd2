package dev.planetary.apply;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventRecorderTest {
    /** One, two, three and four bytes each, at every offset. */
    @ParameterizedTest
    @ValueSource(strings = {"x", "ü", "日", "🛰"})
    void a_note_has_no_more_bytes_than_the_API_takes_and_no_half_characters(String letter) {
        for (var before = 0; before < 4; before++) {
            var note = "a".repeat(before) + letter.repeat(2000);

            var bounded = EventRecorder.bounded(note);

            assertThat(bounded.getBytes(UTF_8)).hasSizeBetween(1018, 1024);
            assertThat(bounded).endsWith("…").doesNotContain("\uFFFD");
            assertThat(note).startsWith(bounded.substring(0, bounded.length() - 1));
        }
    }

    @Test
    void a_note_that_fits_stays() {
        assertThat(EventRecorder.bounded("ü".repeat(512))).isEqualTo("ü".repeat(512));
    }
}
