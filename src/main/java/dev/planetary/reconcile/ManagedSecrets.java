package dev.planetary.reconcile;

import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.ClusterSecrets;
import dev.planetary.desired.Renewal;
import dev.planetary.desired.Rotation;
import dev.planetary.reconcile.Identities.Identity;
import dev.planetary.settings.OperatorSettings;
import dev.planetary.tls.Authority;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/** The Secrets of a cluster whose certificates the operator makes. */
final class ManagedSecrets {
    /** When it should be done by now and is not: a Secret that changed while it was read. */
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final Secrets secrets;
    private final OperatorSettings settings;
    private final Clock clock;

    ManagedSecrets(Secrets secrets, OperatorSettings settings, Clock clock) {
        this.secrets = secrets;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Makes what is missing and renews what is due. Each step follows from what the Secrets hold, so this can be cut off anywhere and
     * done again.
     */
    Identity renew(ClusterModel model, Optional<Instant> asked) {
        var ca = ca(model, asked);
        var rotation = Rotation.done(ca);
        var renewal = new Renewal(
                model,
                authority(ca),
                rotation,
                secrets.own(model, model.names().podsSecret()),
                secrets.own(model, model.names().clientSecret()),
                new Renewal.Times(settings.certificateLife(), settings.secretDelivery()),
                clock);
        // What pods have mounted counts: the client's token follows from theirs.
        renewal = write(model, renewal.pods()).map(renewal::withPods).orElse(renewal);
        renewal = write(model, renewal.client()).map(renewal::withClient).orElse(renewal);
        var now = clock.instant();
        var due = Stream.concat(Stream.of(renewal.due()), asked.filter(now::isBefore).stream())
                .min(Instant::compareTo)
                .orElseThrow();
        var pods = renewal.livePods().orElseThrow();
        return new Identity(
                model.accepted().pods().tls(),
                Optional.of(ClusterSecrets.read(pods, ClusterSecrets.CA)),
                ClusterSecrets.read(pods, ClusterSecrets.TOKEN),
                rotation,
                now,
                due.isAfter(now) ? due : now.plus(AGAIN));
    }

    /** The authority in force: the one there is, unless there is none, it is old, or somebody wants another one. */
    private Secret ca(ClusterModel model, Optional<Instant> asked) {
        var now = clock.instant();
        var ca = secrets.own(model, model.names().caSecret())
                .orElseGet(() -> secrets.write(model, newCa(model, Rotation.fulfilled(asked, now))));
        var leaked = Rotation.isDue(asked, Rotation.done(ca), now);
        if (!leaked && now.isBefore(authority(ca).validity().renewal())) {
            return ca;
        }
        var next = newCa(model, leaked ? asked.orElseThrow().toString() : Rotation.done(ca));
        return secrets.write(model, ClusterSecrets.onto(ca, next));
    }

    private Secret newCa(ClusterModel model, String rotation) {
        var name = model.cluster().getMetadata().getName();
        return ClusterSecrets.ca(model, Authority.create(name, clock, settings.caLife()), rotation);
    }

    private Optional<Secret> write(ClusterModel model, Optional<Secret> wanted) {
        return wanted.map(secret -> secrets.write(model, secret));
    }

    private static Authority authority(Secret secret) {
        return Authority.of(
                ClusterSecrets.read(secret, ClusterSecrets.CERTIFICATE),
                ClusterSecrets.read(secret, ClusterSecrets.KEY));
    }
}
