package dev.planetary.reconcile;

import dev.planetary.settings.OperatorSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The settings' own defaults. */
record TestSettings(String clientImage) implements OperatorSettings {
    @Override
    public String namespace() {
        return "planetary-system";
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

    @Override
    public Duration caLife() {
        return Duration.ofDays(365);
    }

    @Override
    public Duration certificateLife() {
        return Duration.ofDays(90);
    }
}
