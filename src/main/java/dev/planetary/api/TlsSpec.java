package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/** How connections between clients, scheduler and workers are secured. */
@JsonIgnoreProperties(ignoreUnknown = true)
public record TlsSpec(
        @JsonPropertyDescription(
                        "Managed: mutual TLS with a certificate authority of this cluster's own. Default: Managed.")
                Mode mode) {

    static final TlsSpec DEFAULT = new TlsSpec(null);

    public TlsSpec {
        mode = mode == null ? Mode.Managed : mode;
    }

    /** Who makes the certificates. */
    public enum Mode {
        Managed
    }
}
