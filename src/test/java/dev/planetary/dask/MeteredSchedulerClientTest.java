package dev.planetary.dask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.planetary.dask.SchedulerUnavailable.Reason;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MeteredSchedulerClientTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final FakeSchedulerClient behind = new FakeSchedulerClient();
    private final SchedulerClient client = new MeteredSchedulerClient(behind, registry);
    private final SchedulerEndpoint endpoint =
            new SchedulerEndpoint("c", "p", "10.0.0.1", 8787, "ca", "0123456789abcdef");

    @Test
    void countsAnswersAndFailuresByReasonAndPassesThemOn() throws Exception {
        // When
        behind.fails(Reason.UNTRUSTED);
        assertThatThrownBy(this::ask).isInstanceOf(SchedulerUnavailable.class);
        behind.answers(() -> {
            throw new IOException("cut off");
        });
        assertThatThrownBy(this::ask).isInstanceOf(IOException.class);
        client.retire(endpoint, List.of("u"), Duration.ofSeconds(300));

        // Then
        assertThat(count("state", "untrusted")).isEqualTo(1);
        assertThat(count("state", "unreachable")).isEqualTo(1);
        assertThat(count("retire", "answered")).isEqualTo(1);
        assertThat(behind.requests).containsExactly("retire [u] 300 s");
    }

    @Test
    void doesNotBlameTheSchedulerForACallThatIsBrokenOff() {
        // When
        behind.answers(() -> {
            throw new InterruptedException();
        });
        assertThatThrownBy(this::ask).isInstanceOf(InterruptedException.class);

        // Then
        assertThat(registry.getMeters()).isEmpty();
    }

    private void ask() throws IOException, InterruptedException {
        client.state(endpoint, Optional.empty(), Duration.ofSeconds(1));
    }

    private double count(String call, String outcome) {
        return registry.get("planetary.scheduler.requests")
                .tags("call", call, "outcome", outcome)
                .counter()
                .count();
    }
}
