package dev.planetary.sas;

import dev.planetary.settings.BrokerSettings;
import dev.planetary.settings.OperatorSettings;
import dev.planetary.settings.OperatorSettings.Role;
import dev.planetary.tls.OutsideTrust;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the broker together, where this process is one. */
@Singleton
final class SasBroker {
    private static final Logger LOG = LoggerFactory.getLogger(SasBroker.class);

    void start(@Observes Router router, OperatorSettings process, BrokerSettings settings, MeterRegistry registry) {
        if (process.role() == Role.SAS_BROKER) {
            routes(settings, registry).on(router);
            LOG.info("handing out tokens of {}", settings.upstream());
        }
    }

    static BrokerRoutes routes(BrokerSettings settings, MeterRegistry registry) {
        if (settings.keyFile().isPresent()
                && !"https".equals(settings.upstream().getScheme())) {
            throw new IllegalStateException(
                    "planetary.sas.upstream must begin with https:// where there is a subscription key (planetary.sas.key-file)");
        }
        var key = new SubscriptionKey(settings.keyFile());
        var meters = new BrokerMeters(registry);
        var upstream = new HttpUpstream(settings.upstream(), key, OutsideTrust.context(settings.caFile()));
        return new BrokerRoutes(
                new TokenBroker(upstream, Clock.systemUTC(), Later.REAL, meters),
                new Admission(
                        Set.copyOf(settings.accounts().orElse(List.of())),
                        Set.copyOf(settings.collections().orElse(List.of())),
                        settings.blobSuffix()),
                key,
                meters);
    }
}
