package dev.planetary.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.WorkersSpec.Autoscale;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScalingTest {

    /** {@code -} stands for: unknown. */
    @ParameterizedTest(name = "{0}..{1} with {2}: target {4}, calm {5} -> {6}")
    @CsvSource({
        // min, max, present, stuck, target, calm, wanted
        "0, 10, 0, false, 3, -, 3", // up at once
        "0, 10, 2, false, 30, 0, 10", // to max at most
        "0, 10, 5, false, 5, 5, 5",
        "0, 10, 5, false, 1, -, 5", // not watched for a whole period: none leaves
        "0, 10, 5, false, 1, 4, 4", // as many as were needed within the period
        "0, 10, 5, false, 1, 8, 5", // an old target makes no new worker
        "0, 10, 5, false, 1, 1, 1",
        "2, 10, 5, false, 0, 0, 2", // to min at least
        "2, 10, 0, false, 0, -, 2", // min is there without any work
        "0, 10, 5, false, -, -, 5", // a silent scheduler changes nothing
        "2, 10, 0, false, -, -, 2",
        "0, 3, 5, false, 5, 5, 3", // max was lowered
        "0, 10, 4, true, 9, 4, 4", // no node for the last ones: not more of them
        "0, 10, 4, true, 1, 2, 2", // but fewer
        "6, 10, 4, true, 9, 4, 6",
    })
    void up_at_once_down_when_calm(
            int min, int max, int present, boolean stuck, String target, String calm, int wanted) {
        assertThat(Scaling.wanted(new Autoscale(min, max), present, stuck, number(target), number(calm)))
                .isEqualTo(wanted);
    }

    private static Optional<Integer> number(String text) {
        return text.equals("-") ? Optional.empty() : Optional.of(Integer.valueOf(text));
    }
}
