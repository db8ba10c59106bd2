package dev.planetary.reconcile;

import dev.planetary.settings.OperatorSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The settings' own defaults, and lives of certificates for tests that do not wait. */
record TestSettings(
        Optional<String> clientImage,
        Duration caLife,
        Duration certificateLife,
        Duration secretDelivery,
        boolean nodeWatch,
        LimitSettings limits,
        Optional<String> stacUrl)
        implements OperatorSettings {
    TestSettings(String clientImage) {
        this(clientImage, Duration.ofDays(365), Duration.ofDays(90), Duration.ofMinutes(5));
    }

    TestSettings(String clientImage, Duration caLife, Duration certificateLife, Duration secretDelivery) {
        this(
                Optional.of(clientImage),
                caLife,
                certificateLife,
                secretDelivery,
                true,
                TestLimits.NONE,
                Optional.empty());
    }

    /** As where no cluster-scoped right is given. */
    TestSettings withoutNodeWatch() {
        return new TestSettings(clientImage, caLife, certificateLife, secretDelivery, false, limits, stacUrl);
    }

    TestSettings with(LimitSettings limits) {
        return new TestSettings(clientImage, caLife, certificateLife, secretDelivery, nodeWatch, limits, stacUrl);
    }

    /** Asks where collections are. */
    TestSettings withCatalogue(String stacUrl) {
        return new TestSettings(
                clientImage, caLife, certificateLife, secretDelivery, nodeWatch, limits, Optional.of(stacUrl));
    }

    @Override
    public Role role() {
        return Role.OPERATOR;
    }

    @Override
    public Optional<String> sasUrl() {
        return Optional.of("http://sas.example");
    }

    /** Longer than any test: a catalogue that is held does not answer before it is released. */
    @Override
    public Duration stacTimeout() {
        return Duration.ofMinutes(10);
    }

    @Override
    public Optional<String> dataRegion() {
        return Optional.of("westeurope");
    }

    @Override
    public String namespace() {
        return "planetary-system";
    }

    @Override
    public Optional<List<String>> watchNamespaces() {
        return Optional.empty();
    }

    @Override
    public Optional<String> trustedCaConfigMap() {
        return Optional.empty();
    }

    @Override
    public Path systemCaBundle() {
        return Path.of("/etc/ssl/certs/ca-certificates.crt");
    }

    @Override
    public Duration scaleDownAfter() {
        return Duration.ofSeconds(2);
    }
}
