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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The Secrets of a cluster whose certificates the operator makes. */
final class ManagedSecrets {
    /** When it should be done by now and is not: a Secret that changed while it was read. */
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final Secrets secrets;
    private final Parallel parallel;
    private final OperatorSettings settings;
    private final Clock clock;

    ManagedSecrets(Secrets secrets, Parallel parallel, OperatorSettings settings, Clock clock) {
        this.secrets = secrets;
        this.parallel = parallel;
        this.settings = settings;
        this.clock = clock;
    }

    /** The Secret of an authority, and the authority. */
    private record Ca(Secret secret, Authority authority) {
        static Ca of(Secret secret) {
            return new Ca(
                    secret,
                    Authority.of(
                            ClusterSecrets.read(secret, ClusterSecrets.CERTIFICATE),
                            ClusterSecrets.read(secret, ClusterSecrets.KEY)));
        }

        /** What is there counts, which may be another: one may have been there before. */
        Ca as(Secret live) {
            return secret.getData().equals(live.getData()) ? new Ca(live, authority) : of(live);
        }
    }

    /**
     * Makes what is missing and renews what is due. Each step follows from what the Secrets hold, so this can be cut off anywhere and
     * done again.
     */
    Identity renew(ClusterModel model, Optional<Instant> asked) {
        // Without a status no pass came to its end. Pods, if there are any, came after three Secrets that fit.
        var renewal = model.cluster().getStatus() == null ? begun(model, asked) : known(model, asked);
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
                renewal.rotation(),
                now,
                due.isAfter(now) ? due : now.plus(AGAIN));
    }

    private Renewal known(ClusterModel model, Optional<Instant> asked) {
        var ca = inForce(model, asked, secrets.own(model, model.names().caSecret()));
        return renewal(
                model,
                ca,
                secrets.own(model, model.names().podsSecret()),
                secrets.own(model, model.names().clientSecret()));
    }

    /** Who waits for a cluster waits for its Secrets: all three are made at once. Some may be there already, from a pass that was cut off. */
    private Renewal begun(ClusterModel model, Optional<Instant> asked) {
        var first = newCa(model, Rotation.fulfilled(asked, clock.instant()));
        var renewal = renewal(model, first, Optional.empty(), Optional.empty());
        var written = parallel.all(List.<Callable<Secret>>of(
                () -> secrets.write(model, first.secret()),
                () -> secrets.write(model, renewal.pods().orElseThrow()),
                () -> secrets.write(model, renewal.client().orElseThrow())));
        var live = first.as(written.getFirst());
        var next = live.authority() == first.authority()
                ? renewal
                : renewal(model, inForce(model, asked, Optional.of(live.secret())), Optional.empty(), Optional.empty());
        return next.withPods(written.get(1)).withClient(written.get(2)).mountedByNobody();
    }

    private Renewal renewal(ClusterModel model, Ca ca, Optional<Secret> pods, Optional<Secret> client) {
        var times = new Renewal.Times(settings.certificateLife(), settings.secretDelivery());
        return new Renewal(model, ca.authority(), Rotation.done(ca.secret()), pods, client, times, clock);
    }

    /** The authority in force: the one there is, unless there is none, it is old, or somebody wants another one. */
    private Ca inForce(ClusterModel model, Optional<Instant> asked, Optional<Secret> there) {
        var now = clock.instant();
        var made = there.isPresent()
                ? Optional.<Ca>empty()
                : Optional.of(write(model, newCa(model, Rotation.fulfilled(asked, now)), UnaryOperator.identity()));
        var secret = made.map(Ca::secret).or(() -> there).orElseThrow();
        var leaked = Rotation.isDue(asked, Rotation.done(secret), now);
        if (!leaked) {
            var ca = made.orElseGet(() -> Ca.of(secret));
            if (now.isBefore(ca.authority().validity().renewal())) {
                return ca;
            }
        }
        var next = newCa(model, leaked ? asked.orElseThrow().toString() : Rotation.done(secret));
        return write(model, next, wanted -> ClusterSecrets.onto(secret, wanted));
    }

    private Ca newCa(ClusterModel model, String rotation) {
        var authority = Authority.create(model.cluster().getMetadata().getName(), clock, settings.caLife());
        return new Ca(ClusterSecrets.ca(model, authority, rotation), authority);
    }

    private Ca write(ClusterModel model, Ca next, UnaryOperator<Secret> onto) {
        return next.as(secrets.write(model, onto.apply(next.secret())));
    }

    private Optional<Secret> write(ClusterModel model, Optional<Secret> wanted) {
        return wanted.map(secret -> secrets.write(model, secret));
    }
}
