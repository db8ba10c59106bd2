package dev.planetary.tls;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The authorities that the parts of a cluster trust: its own, and after a change those of before as long as they last.
 *
 * @param authorities their certificates, the cluster's own first
 */
public record Trust(List<X509Certificate> authorities) {

    public static final Trust NOTHING = new Trust(List.of());

    public Trust {
        authorities = List.copyOf(authorities);
    }

    /** {@return what a bundle (PEM) holds and has not ended; nothing if it cannot be read, for then nobody trusts it} */
    public static Trust of(String pem, Instant now) {
        try {
            return new Trust(Pem.certificates(pem).stream()
                    .filter(c -> now.isBefore(c.getNotAfter().toInstant()))
                    .toList());
        } catch (IllegalArgumentException e) {
            return NOTHING;
        }
    }

    /** {@return this, and that authority in the first place} */
    public Trust and(Authority authority) {
        return new Trust(Stream.concat(Stream.of(authority.certificate()), authorities.stream())
                .distinct()
                .toList());
    }

    public boolean holds(Authority authority) {
        return authorities.contains(authority.certificate());
    }

    /** {@return when the first of the authorities beside the cluster's own ends} */
    public Optional<Instant> ends() {
        return authorities.stream()
                .skip(1)
                .map(c -> c.getNotAfter().toInstant())
                .min(Instant::compareTo);
    }

    /** {@return the bundle} */
    public String pem() {
        return authorities.stream().map(Certificates::pem).collect(Collectors.joining());
    }
}
