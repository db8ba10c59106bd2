package dev.planetary.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Limits as a deployment gives them: in environment variables. */
class LimitSettingsTest {
    @Test
    void areRead() {
        var limits = settings(Map.of(
                        "PLANETARY_LIMITS_CLUSTERS", "3",
                        "PLANETARY_LIMITS_MEMORY", "512Gi",
                        "PLANETARY_LIMITS_WORKERS_OF", "team-a=20,team-b=5"))
                .limits();

        assertThat(limits.clusters()).contains("3");
        assertThat(limits.memory()).contains("512Gi");
        assertThat(limits.workers()).isEmpty();
        assertThat(limits.workersOf()).contains(List.of("team-a=20", "team-b=5"));
        assertThat(limits.coresOf()).isEmpty();
    }

    @Test
    void areNoneByDefault() {
        var limits = settings(Map.of()).limits();

        assertThat(limits.clusters()).isEmpty();
        assertThat(limits.workers()).isEmpty();
        assertThat(limits.cores()).isEmpty();
        assertThat(limits.memory()).isEmpty();
        assertThat(limits.clustersOf()).isEmpty();
        assertThat(limits.memoryOf()).isEmpty();
    }

    private static OperatorSettings settings(Map<String, String> environment) {
        return new SmallRyeConfigBuilder()
                .withMapping(OperatorSettings.class)
                .withDefaultValue("planetary.client-image", "client:1")
                .withSources(new EnvConfigSource(environment, 300))
                .build()
                .getConfigMapping(OperatorSettings.class);
    }
}
