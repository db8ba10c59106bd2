package dev.planetary.status;

import dev.planetary.api.NetworkPolicySpec;
import dev.planetary.desired.ClusterModel;
import java.util.Optional;

/** What is said of a cluster without TLS: of the spec in force, as long as it is. */
final class TlsTold {
    private TlsTold() {}

    static Optional<Verdict> off(ClusterModel model) {
        if (model.transport().encrypted()) {
            return Optional.empty();
        }
        var open = model.cluster().specOrDefault().networkPolicy().mode() == NetworkPolicySpec.Mode.Off;
        return Optional.of(
                new Verdict(
                        true,
                        "AsAsked",
                        "spec.tls.mode is Off: connections are not encrypted, and whoever reaches port 8786 or a worker runs code in this cluster; "
                                + (open
                                        ? "nothing keeps anybody out, for spec.networkPolicy.mode is Off too"
                                        : "its NetworkPolicy is all that keeps others out, where the network plugin enforces it")));
    }
}
