package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;

/** How connections between clients, scheduler and workers are secured. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TlsSpec(
        @JsonPropertyDescription(
                        "Managed: mutual TLS with a certificate authority of this cluster's own. Provided: mutual TLS with the certificate of"
                                + " secretName, for scheduler, workers and clients alike. Off: no TLS, and no check of who connects: whoever"
                                + " reaches port 8786 runs code in the cluster (the dashboard still wants its token); refused with a"
                                + " LoadBalancer. Write \"Off\" in quotes, for YAML takes it for false without. Default: Managed.")
                Mode mode,
        @JsonPropertyDescription(
                        "With Provided: a Secret of this namespace with tls.crt, tls.key and ca.crt (PEM), as cert-manager writes them; the"
                                + " certificate must serve servers and clients. Whoever holds a certificate of an authority in ca.crt is in:"
                                + " use one for this cluster alone. A renewal in the same Secret replaces no pod.")
                @Size(min = 1, max = 253)
                String secretName) {

    static final TlsSpec DEFAULT = new TlsSpec(null, null);

    public TlsSpec {
        mode = mode == null ? Mode.Managed : mode;
    }

    /** Who makes the certificates. */
    public enum Mode {
        Managed,
        Provided,
        Off
    }
}
