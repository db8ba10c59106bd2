package dev.planetary.reconcile;

import dev.planetary.apply.Applier;
import dev.planetary.apply.Outcome;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.ClusterSecrets;
import dev.planetary.desired.Labels;
import dev.planetary.desired.Renewal;
import dev.planetary.desired.Rotation;
import dev.planetary.settings.OperatorSettings;
import dev.planetary.status.Finding;
import dev.planetary.tls.Authority;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A cluster's CA, certificates and token. Secrets are neither listed nor watched: they are made or read when a cluster is first met
 * by this process and when something is to be renewed, and known in between.
 */
final class Identities {
    /**
     * How the operator knows a cluster's scheduler, and is known to it.
     *
     * @param rotation which wish for another authority is fulfilled; pods made before are not to be trusted
     * @param read     when the Secrets were read
     * @param due      when they are to be renewed
     */
    record Identity(String caPem, String token, String rotation, Instant read, Instant due) {
        @Override
        public String toString() {
            return "Identity[…]";
        }
    }

    /** When it should be done by now and is not: a Secret that changed while it was read. */
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final ConcurrentMap<String, Identity> known = new ConcurrentHashMap<>();
    private final KubernetesClient client;
    private final Applier applier;
    private final OperatorSettings settings;
    private final Clock clock;

    Identities(KubernetesClient client, Applier applier, OperatorSettings settings, Clock clock) {
        this.client = client;
        this.applier = applier;
        this.settings = settings;
        this.clock = clock;
    }

    Optional<Identity> of(ClusterModel model) {
        return Optional.ofNullable(known.get(uid(model)));
    }

    /** When a cluster's Secrets are to be looked at again. */
    Optional<Instant> due(String clusterUid) {
        return Optional.ofNullable(known.get(clusterUid)).map(Identity::due);
    }

    /**
     * Makes what is missing and renews what is due. Each step follows from what the Secrets hold, so this can be cut off anywhere and
     * done again.
     */
    Optional<Finding> ensure(ClusterModel model) {
        try {
            var asked = Rotation.asked(model.cluster());
            var identity = known.get(uid(model));
            var now = clock.instant();
            if (identity == null || !now.isBefore(identity.due()) || Rotation.isDue(asked, identity.rotation(), now)) {
                known.put(uid(model), renew(model, asked));
            }
            return Optional.empty();
        } catch (NotEnsured e) {
            return Optional.of(e.finding);
        } catch (IllegalStateException | IllegalArgumentException e) {
            return Optional.of(new Finding(true, "InvalidSecret", e.getMessage()));
        }
    }

    private Identity renew(ClusterModel model, Optional<Instant> asked) {
        var ca = ca(model, asked);
        var authority = authority(ca);
        var rotation = Rotation.done(ca);
        var pods = live(model, model.names().podsSecret());
        var client = live(model, model.names().clientSecret());
        // What pods have mounted counts: the client's token follows from theirs.
        pods = write(model, renewal(model, authority, rotation, pods, client).pods())
                .or(or(pods));
        client = write(model, renewal(model, authority, rotation, pods, client).client())
                .or(or(client));
        var now = clock.instant();
        var due = Stream.concat(
                        Stream.of(renewal(model, authority, rotation, pods, client)
                                .due()),
                        asked.filter(now::isBefore).stream())
                .min(Instant::compareTo)
                .orElseThrow();
        return new Identity(
                ClusterSecrets.read(pods.orElseThrow(), ClusterSecrets.CA),
                ClusterSecrets.read(pods.orElseThrow(), ClusterSecrets.TOKEN),
                rotation,
                now,
                due.isAfter(now) ? due : now.plus(AGAIN));
    }

    /** The authority in force: the one there is, unless there is none, it is old, or somebody wants another one. */
    private Secret ca(ClusterModel model, Optional<Instant> asked) {
        var now = clock.instant();
        var live = live(model, model.names().caSecret()).or(() -> {
            var fulfilled =
                    asked.filter(at -> !at.isAfter(now)).map(Instant::toString).orElse("");
            return write(model, Optional.of(newCa(model, fulfilled)));
        });
        var ca = live.orElseThrow();
        var leaked = Rotation.isDue(asked, Rotation.done(ca), now);
        if (!leaked && now.isBefore(authority(ca).validity().renewal())) {
            return ca;
        }
        var next = newCa(model, leaked ? asked.orElseThrow().toString() : Rotation.done(ca));
        return write(model, Optional.of(ClusterSecrets.onto(ca, next))).orElseThrow();
    }

    private Secret newCa(ClusterModel model, String rotation) {
        var name = model.cluster().getMetadata().getName();
        return ClusterSecrets.ca(model, Authority.create(name, clock, settings.caLife()), rotation);
    }

    private Renewal renewal(
            ClusterModel model, Authority authority, String rotation, Optional<Secret> pods, Optional<Secret> client) {
        var times = new Renewal.Times(settings.certificateLife(), settings.secretDelivery());
        return new Renewal(model, authority, rotation, pods, client, times, clock);
    }

    void forget(String clusterUid) {
        known.remove(clusterUid);
    }

    /**
     * The scheduler is not trusted, or does not trust us: somebody changed the Secrets. They are read again, but not all the time.
     *
     * @return when they may be read again
     */
    Instant rereadAfter(String clusterUid, Duration pause) {
        var identity = known.get(clusterUid);
        if (identity == null) {
            return clock.instant().plus(pause);
        }
        var due = identity.read().plus(pause);
        if (due.isAfter(clock.instant())) {
            return due;
        }
        known.remove(clusterUid);
        return clock.instant().plusMillis(1);
    }

    /** A cluster without a status was never reconciled: making is tried first. Another has its Secrets: reading is. */
    private Optional<Secret> live(ClusterModel model, String name) {
        return Optional.ofNullable(model.cluster().getStatus())
                .map(_ -> client.secrets()
                        .inNamespace(model.namespace())
                        .withName(name)
                        .get())
                .filter(live -> Labels.owns(model.cluster(), live));
    }

    /** @return as it is then */
    private Optional<Secret> write(ClusterModel model, Optional<Secret> wanted) {
        return wanted.map(secret -> switch (secret.getMetadata().getResourceVersion() == null
                ? applier.create(model.cluster(), secret)
                : applier.replace(secret)) {
            case Outcome.Done(var live) -> (Secret) live;
            case Outcome.NotDone(var finding) -> throw new NotEnsured(finding);
        });
    }

    private static Supplier<Optional<Secret>> or(Optional<Secret> other) {
        return () -> other;
    }

    private static Authority authority(Secret secret) {
        return Authority.of(
                ClusterSecrets.read(secret, ClusterSecrets.CERTIFICATE),
                ClusterSecrets.read(secret, ClusterSecrets.KEY));
    }

    private static String uid(ClusterModel model) {
        return model.cluster().getMetadata().getUid();
    }

    /** Leaves {@link #ensure(ClusterModel)} with a finding; no more than that. */
    private static final class NotEnsured extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient Finding finding;

        NotEnsured(Finding finding) {
            super(finding.message(), null, false, false);
            this.finding = finding;
        }
    }
}
