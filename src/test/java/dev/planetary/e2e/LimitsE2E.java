package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.Condition;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two clusters that want more than their namespace may have. */
@Alone("sets the operator's settings")
class LimitsE2E {
    private static final String WORKERS_OF = "PLANETARY_LIMITS_WORKERS_OF";

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void theSecondComputesWithWhatIsLeftAndGrowsWhenTheFirstIsGone() {
        // Given
        real.operator().sets(WORKERS_OF, Optional.of("nobody=1," + real.namespace() + "=2"));
        real.applySmall("a", 1);
        real.awaitReady("a");

        // When
        real.applySmall("b", 2);

        // Then
        var clamped = real.awaitReady("b").getStatus();
        assertThat(clamped.workers().desired()).isEqualTo(1);
        assertThat(clamped.condition(Condition.LIMITED).orElseThrow().message())
                .isEqualTo("1 of 2 workers: the namespace may have 2 workers (setting planetary.limits.workers),"
                        + " and others have 1 (a 1)");
        assertThat(real.python(
                                real.clientPod("b"),
                                "from distributed import Client; print(Client().submit(sum, range(10)).result())")
                        .output())
                .contains("45");

        // When
        real.delete("a");

        // Then
        var grown = real.await(
                "b", RealCluster.PATIENCE, c -> c.getStatus().workers().ready() == 2);
        assertThat(grown.getStatus().condition(Condition.LIMITED)).isEmpty();
        assertThat(real.events("LimitReached")).hasSize(1);
    }

    @AfterEach
    void asBefore() {
        real.operator().sets(WORKERS_OF, Optional.empty());
    }
}
