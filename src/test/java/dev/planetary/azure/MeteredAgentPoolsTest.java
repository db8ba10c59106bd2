package dev.planetary.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.planetary.azure.FakeAks.Reply;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeteredAgentPoolsTest {
    private final FakeArm arm = new FakeArm();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final AgentPools azure = new MeteredAgentPools(arm.client(), registry);

    @AfterEach
    void close() {
        arm.close();
    }

    @Test
    void what_was_answered_is_counted_by_what_was_asked() throws Exception {
        azure.cluster();
        azure.list();
        azure.list();

        assertThat(counted("cluster", "answered")).isEqualTo(1);
        assertThat(counted("list", "answered")).isEqualTo(2);
        assertThat(counted("list", "failed")).isZero();
    }

    @ParameterizedTest
    @CsvSource({"403, refused", "409, refused", "429, throttled", "503, failed"})
    void what_was_not_is_counted_by_how_it_ended_and_thrown_on(int status, String outcome) {
        arm.breaks(_ -> Optional.of(Reply.error(status, "Code", "words")));

        assertThatThrownBy(azure::list).isInstanceOf(ArmException.class);

        assertThat(counted("list", outcome)).isEqualTo(1);
        assertThat(counted("list", "answered")).isZero();
    }

    @Test
    void no_answer_at_all_is_a_failure() {
        arm.close();

        assertThatThrownBy(azure::cluster).isInstanceOf(ArmException.class);

        assertThat(counted("cluster", "failed")).isEqualTo(1);
    }

    private double counted(String call, String outcome) {
        return registry.get("planetary.azure.requests")
                .tags("call", call, "outcome", outcome)
                .counter()
                .count();
    }
}
