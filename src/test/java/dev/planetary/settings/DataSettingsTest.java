package dev.planetary.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Where it is asked where data is, as a deployment says it: in environment variables. */
class DataSettingsTest {
    @Test
    void are_the_Planetary_Computer_s_by_default() {
        var settings = settings(Map.of());

        assertThat(settings.stacUrl()).contains("https://planetarycomputer.microsoft.com/api/stac/v1");
        assertThat(settings.dataRegion()).contains("westeurope");
        assertThat(settings.stacTimeout()).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void lead_elsewhere() {
        var settings =
                settings(Map.of("PLANETARY_STAC_URL", "https://stac.example/v1", "PLANETARY_DATA_REGION", "uksouth"));

        assertThat(settings.stacUrl()).contains("https://stac.example/v1");
        assertThat(settings.dataRegion()).contains("uksouth");
    }

    @Test
    void are_off_where_they_are_empty() {
        var settings = settings(Map.of("PLANETARY_STAC_URL", "", "PLANETARY_DATA_REGION", ""));

        assertThat(settings.stacUrl()).isEmpty();
        assertThat(settings.dataRegion()).isEmpty();
    }

    private static OperatorSettings settings(Map<String, String> environment) {
        return new SmallRyeConfigBuilder()
                .withMapping(OperatorSettings.class)
                .withSources(new EnvConfigSource(environment, 300))
                .build()
                .getConfigMapping(OperatorSettings.class);
    }
}
