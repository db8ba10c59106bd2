package dev.planetary.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.planetary.plan.Limits;
import dev.planetary.plan.Measure;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamespaceLimitsTest {
    @Test
    void a_namespace_of_its_own_differs_in_what_is_said_of_it() {
        var limits = NamespaceLimits.of(new TestLimits(
                Optional.of("2"),
                Optional.empty(),
                Optional.of("1.5"),
                Optional.of("2Gi"),
                Optional.of(List.of("team-a=9")),
                Optional.of(List.of("team-a=40")),
                Optional.of(List.of("team-b=500m")),
                Optional.empty()));

        assertThat(limits.in("anybody"))
                .isEqualTo(new Limits(Map.of(Measure.CLUSTERS, 2L, Measure.CORES, 1500L, Measure.MEMORY, 2L << 30)));
        assertThat(limits.in("team-a").most())
                .containsEntry(Measure.CLUSTERS, 9L)
                .containsEntry(Measure.WORKERS, 40L)
                .containsEntry(Measure.CORES, 1500L);
        assertThat(limits.in("team-b").most())
                .containsEntry(Measure.CLUSTERS, 2L)
                .containsEntry(Measure.CORES, 500L)
                .doesNotContainKey(Measure.WORKERS);
    }

    @Test
    void none_is_none() {
        assertThat(NamespaceLimits.of(TestLimits.NONE).in("anybody").none()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"many", "-1", "1.5", ""})
    void what_is_no_number_ends_the_operator_with_the_setting_s_name(String text) {
        assertThatThrownBy(() -> NamespaceLimits.of(TestLimits.of(null, text, null, null)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "planetary.limits.workers: \"" + text + "\" is no number of workers; write one such as 64");
    }

    @Test
    void who_names_no_namespace_is_told_how() {
        var limits = new TestLimits(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(List.of("team-a: 5")),
                Optional.empty(),
                Optional.empty());

        assertThatThrownBy(() -> NamespaceLimits.of(limits))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("planetary.limits.workers-of: \"team-a: 5\" is not namespace=limit");
    }
}
