package dev.planetary.reconcile;

import dev.planetary.apply.Applier;
import dev.planetary.apply.Outcome;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Labels;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Optional;

/** Secrets at the API server, one by one and live: they are neither listed nor watched. */
final class Secrets {
    private final KubernetesClient client;
    private final Applier applier;

    Secrets(KubernetesClient client, Applier applier) {
        this.client = client;
        this.applier = applier;
    }

    /**
     * A Secret of the cluster's own. One without a status was never reconciled: making is tried first. Another has its Secrets: reading
     * is.
     */
    Optional<Secret> own(ClusterModel model, String name) {
        return Optional.ofNullable(model.cluster().getStatus())
                .flatMap(_ -> any(model, name))
                .filter(live -> Labels.owns(model.cluster(), live));
    }

    /** Whoever made it. */
    Optional<Secret> any(ClusterModel model, String name) {
        return Optional.ofNullable(
                client.secrets().inNamespace(model.namespace()).withName(name).get());
    }

    /** @return as it is then */
    Secret write(ClusterModel model, Secret wanted) {
        return switch (wanted.getMetadata().getResourceVersion() == null
                ? applier.create(model.cluster(), wanted)
                : applier.replace(wanted)) {
            case Outcome.Done(var live) -> (Secret) live;
            case Outcome.NotDone(var finding) -> throw new NotEnsured(finding);
        };
    }

    /** Leaves {@link Identities#ensure(ClusterModel)} with a finding; no more than that. */
    static final class NotEnsured extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient Finding finding;

        NotEnsured(Finding finding) {
            super(finding.message(), null, false, false);
            this.finding = finding;
        }

        Finding finding() {
            return finding;
        }
    }
}
