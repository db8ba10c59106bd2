package dev.planetary.reconcile;

import dev.planetary.api.TlsSpec;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Rotation;
import dev.planetary.desired.Transport;
import dev.planetary.settings.OperatorSettings;
import dev.planetary.status.Finding;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Certificates and tokens of clusters. Secrets are neither listed nor watched: they are made or read when a cluster is first met by this
 * process and when something is to be renewed, and known in between.
 */
final class Identities {
    /**
     * How the operator knows a cluster's scheduler, and is known to it.
     *
     * @param tls      the mode this is of; of another one nothing is known
     * @param caPem    whom it trusts; empty: it speaks plain HTTP
     * @param rotation which wish for another authority is fulfilled; pods made before are not to be trusted
     * @param read     when the Secrets were read
     * @param due      when they are to be renewed, or read again
     */
    record Identity(TlsSpec tls, Optional<String> caPem, String token, String rotation, Instant read, Instant due) {
        @Override
        public String toString() {
            return "Identity[…]";
        }
    }

    private final ConcurrentMap<String, Identity> known = new ConcurrentHashMap<>();
    private final ManagedSecrets managed;
    private final TokenSecret token;
    private final Clock clock;

    Identities(Secrets secrets, Parallel parallel, OperatorSettings settings, Clock clock) {
        this.managed = new ManagedSecrets(secrets, parallel, settings, clock);
        this.token = new TokenSecret(secrets, clock);
        this.clock = clock;
    }

    Optional<Identity> of(ClusterModel model) {
        return Optional.ofNullable(known.get(uid(model)))
                .filter(i -> i.tls().equals(model.accepted().pods().tls()));
    }

    /** When a cluster's Secrets are to be looked at again. */
    Optional<Instant> due(String clusterUid) {
        return Optional.ofNullable(known.get(clusterUid)).map(Identity::due);
    }

    /** What will stand in the way of this mode's first pod, whatever runs now; asked before running pods are given up for it. */
    Optional<Finding> problem(ClusterModel model) {
        return model.transport() instanceof Transport.Provided provided
                ? token.problem(model, provided)
                : Optional.empty();
    }

    /** Makes what is missing and renews what is due. */
    Optional<Finding> ensure(ClusterModel model) {
        try {
            var asked = Rotation.asked(model.cluster());
            var now = clock.instant();
            if (of(model)
                    .filter(i -> now.isBefore(i.due()) && !Rotation.isDue(asked, i.rotation(), now))
                    .isEmpty()) {
                known.put(uid(model), renew(model, asked));
            }
            return Optional.empty();
        } catch (Secrets.NotEnsured e) {
            return Optional.of(e.finding());
        } catch (IllegalStateException | IllegalArgumentException e) {
            return Optional.of(new Finding(true, "InvalidSecret", e.getMessage()));
        }
    }

    private Identity renew(ClusterModel model, Optional<Instant> asked) {
        return switch (model.transport()) {
            case Transport.Managed _ -> managed.renew(model, asked);
            case Transport.Provided provided -> token.renew(model, provided, asked);
            case Transport.Plain _ -> token.renew(model, asked);
        };
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

    private static String uid(ClusterModel model) {
        return model.cluster().getMetadata().getUid();
    }
}
