package dev.planetary.reconcile;

import dev.planetary.apply.Applier;
import dev.planetary.apply.Outcome;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.ClusterSecrets;
import dev.planetary.desired.Labels;
import dev.planetary.settings.OperatorSettings;
import dev.planetary.status.Finding;
import dev.planetary.tls.Authority;
import dev.planetary.tls.KeyPairPem;
import dev.planetary.tls.Token;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;

/**
 * A cluster's CA, certificates and token. Secrets are neither listed nor watched: they are made or read once, when a cluster is first
 * met by this process, and known from then on.
 */
final class Identities {
    /** How the operator knows a cluster's scheduler, and is known to it. */
    record Identity(String caPem, String token, Instant read) {
        @Override
        public String toString() {
            return "Identity[…]";
        }
    }

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

    /** Makes what is missing. Each Secret follows from those before it, so this can be cut off anywhere and done again. */
    Optional<Finding> ensure(ClusterModel model) {
        if (known.containsKey(uid(model))) {
            return Optional.empty();
        }
        try {
            var authority = authority(ensure(
                    model,
                    model.names().caSecret(),
                    () -> ClusterSecrets.ca(
                            model,
                            Authority.create(model.cluster().getMetadata().getName(), clock, settings.caLife()))));
            var pods = ensure(
                    model,
                    model.names().podsSecret(),
                    () -> ClusterSecrets.pods(model, authority, leaf(model, authority), Token.create()));
            var token = ClusterSecrets.read(pods, ClusterSecrets.TOKEN);
            ensure(
                    model,
                    model.names().clientSecret(),
                    () -> ClusterSecrets.client(model, authority, leaf(model, authority), token));
            // What pods have mounted counts, should the CA's Secret ever have been made anew beside them.
            known.put(uid(model), new Identity(ClusterSecrets.read(pods, ClusterSecrets.CA), token, clock.instant()));
            return Optional.empty();
        } catch (NotEnsured e) {
            return Optional.of(e.finding);
        } catch (IllegalStateException | IllegalArgumentException e) {
            return Optional.of(new Finding(true, "InvalidSecret", e.getMessage()));
        }
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
    private Secret ensure(ClusterModel model, String name, Supplier<Secret> make) {
        if (model.cluster().getStatus() != null) {
            var live = client.secrets()
                    .inNamespace(model.namespace())
                    .withName(name)
                    .get();
            if (live != null && Labels.owns(model.cluster(), live)) {
                return live;
            }
        }
        return switch (applier.create(model.cluster(), make.get())) {
            case Outcome.Done(var live) -> (Secret) live;
            case Outcome.NotDone(var finding) -> throw new NotEnsured(finding);
        };
    }

    private KeyPairPem leaf(ClusterModel model, Authority authority) {
        return authority.issue(
                model.names().service(), ClusterSecrets.dnsNames(model), clock, settings.certificateLife());
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
