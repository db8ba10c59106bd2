package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import java.util.List;

/** Who may reach the cluster's pods. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record NetworkPolicySpec(
        @JsonPropertyDescription(
                        "Managed: one NetworkPolicy lets the cluster's own pods, the operator, clients (pods of this"
                                + " namespace with the label planetary.dev/client-of: <name of the cluster>), allowFrom and the"
                                + " load balancer's source ranges in, and keeps the metadata address of the cloud from Dask pods and from the programs of jobs."
                                + " Off: no NetworkPolicy. Default: Managed.")
                Mode mode,
        @JsonPropertyDescription(
                        "Who else may speak Dask's protocol with scheduler and workers: pods of this namespace,"
                                + " of others, or address ranges, as in a NetworkPolicy's ingress. They need the client"
                                + " certificate all the same. Default: nobody.")
                @Size(max = 16)
                List<NetworkPolicyPeer> allowFrom) {

    static final NetworkPolicySpec DEFAULT = new NetworkPolicySpec(null, null);

    public NetworkPolicySpec {
        mode = mode == null ? Mode.Managed : mode;
        allowFrom = allowFrom == null ? List.of() : List.copyOf(allowFrom);
    }

    /** Who looks after the NetworkPolicy. */
    public enum Mode {
        Managed,
        Off
    }
}
