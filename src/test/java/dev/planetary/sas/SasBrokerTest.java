package dev.planetary.sas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.planetary.settings.BrokerSettings;
import dev.planetary.settings.OperatorSettings;
import dev.planetary.settings.OperatorSettings.Role;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SasBrokerTest {
    @Test
    void only_a_process_of_that_role_has_its_routes() {
        assertThat(routes(Map.of())).isZero();
        assertThat(routes(Map.of("planetary.role", "operator"))).isZero();
        assertThat(routes(Map.of("planetary.role", "sas-broker"))).isPositive();
    }

    @Test
    void a_role_that_does_not_exist_is_refused() {
        assertThatThrownBy(() -> routes(Map.of("planetary.role", "boss"))).hasMessageContaining("planetary.role");
    }

    @Test
    void a_key_is_not_sent_in_the_clear() {
        assertThatThrownBy(() -> routes(Map.of(
                        "planetary.role", "sas-broker",
                        "planetary.sas.upstream", "http://pc.example",
                        "planetary.sas.key-file", "/etc/key")))
                .hasMessageContaining("must begin with https://");
    }

    private static int routes(Map<String, String> properties) {
        var config = new SmallRyeConfigBuilder()
                .withMapping(OperatorSettings.class)
                .withMapping(BrokerSettings.class)
                .withDefaultValues(properties)
                .build();
        assertThat(config.getConfigMapping(OperatorSettings.class).role()).isInstanceOf(Role.class);
        var vertx = Vertx.vertx();
        try {
            var router = Router.router(vertx);
            new SasBroker()
                    .start(
                            router,
                            config.getConfigMapping(OperatorSettings.class),
                            config.getConfigMapping(BrokerSettings.class),
                            new SimpleMeterRegistry());
            return router.getRoutes().size();
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }
}
