package dev.planetary.dask;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PaceTest {

    @Test
    void pauseDoublesFromAFifthOfASecondToFiveSeconds() {
        var pauses = IntStream.rangeClosed(0, 7).mapToObj(Pace.DEFAULT::pause).map(Duration::toMillis);

        assertThat(pauses).containsExactly(200L, 200L, 400L, 800L, 1600L, 3200L, 5000L, 5000L);
    }

    @Test
    void pauseStaysAtItsLimitForEver() {
        assertThat(Pace.DEFAULT.pause(Integer.MAX_VALUE)).isEqualTo(Duration.ofSeconds(5));
    }
}
