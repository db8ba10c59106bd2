package dev.planetary.reconcile;

import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.ClusterSecrets;
import dev.planetary.desired.Rotation;
import dev.planetary.desired.Transport;
import dev.planetary.reconcile.Identities.Identity;
import dev.planetary.status.Finding;
import dev.planetary.tls.Credentials;
import dev.planetary.tls.Token;
import dev.planetary.validate.ProvidedSecret;
import dev.planetary.validate.ProvidedSecret.Unusable;
import dev.planetary.validate.ProvidedSecret.Usable;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/** The Secret of a cluster whose certificates are not the operator's, or which has none: it holds the token. */
final class TokenSecret {
    private final Secrets secrets;
    private final Clock clock;

    TokenSecret(Secrets secrets, Clock clock) {
        this.secrets = secrets;
        this.clock = clock;
    }

    /** The user's Secret first: without it nothing can begin. It is looked at again when its certificate ends, or is no longer trusted. */
    Identity renew(ClusterModel model, Transport.Provided transport, Optional<Instant> asked) {
        var credentials =
                switch (read(model, transport)) {
                    case Usable(var usable) -> usable;
                    case Unusable(var finding) -> throw new Secrets.NotEnsured(finding);
                };
        return identity(model, Optional.of(credentials), asked);
    }

    /** Without TLS. */
    Identity renew(ClusterModel model, Optional<Instant> asked) {
        return identity(model, Optional.empty(), asked);
    }

    /** What is wrong with the user's Secret. */
    Optional<Finding> problem(ClusterModel model, Transport.Provided transport) {
        return switch (read(model, transport)) {
            case Usable _ -> Optional.empty();
            case Unusable(var finding) -> Optional.of(finding);
        };
    }

    private ProvidedSecret read(ClusterModel model, Transport.Provided transport) {
        var name = transport.secretName();
        return ProvidedSecret.read(name, secrets.any(model, name), clock.instant());
    }

    private Identity identity(ClusterModel model, Optional<Credentials> credentials, Optional<Instant> asked) {
        var token = token(model, asked);
        var now = clock.instant();
        var due = Stream.concat(credentials.map(Credentials::end).stream(), asked.filter(now::isBefore).stream())
                .min(Instant::compareTo)
                .orElse(Instant.MAX);
        return new Identity(
                model.accepted().pods().tls(),
                credentials.map(Credentials::caPem),
                ClusterSecrets.read(token, ClusterSecrets.TOKEN),
                Rotation.done(token),
                now,
                due);
    }

    /** The token in force: the one there is, unless there is none, it was made for another mode, or somebody wants another one. */
    private Secret token(ClusterModel model, Optional<Instant> asked) {
        var now = clock.instant();
        var live = secrets.own(model, model.names().clientSecret())
                .orElseGet(() -> secrets.write(
                        model, ClusterSecrets.token(model, Token.create(), Rotation.fulfilled(asked, now))));
        var leaked = Rotation.isDue(asked, Rotation.done(live), now);
        if (!leaked && ClusterSecrets.isToken(model, live)) {
            return live;
        }
        var rotation = leaked ? asked.orElseThrow().toString() : Rotation.done(live);
        return secrets.write(model, ClusterSecrets.onto(live, ClusterSecrets.token(model, Token.create(), rotation)));
    }
}
