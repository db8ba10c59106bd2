package dev.planetary.tls;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/**
 * When a certificate may be used.
 *
 * @param notBefore first instant, to the second
 * @param notAfter last instant, to the second
 */
public record Validity(Instant notBefore, Instant notAfter) {

    /** Peers' clocks are never quite ours: a fresh certificate must not be "not yet valid" to them. */
    private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

    static Validity of(X509Certificate certificate) {
        return new Validity(
                certificate.getNotBefore().toInstant(),
                certificate.getNotAfter().toInstant());
    }

    static Validity from(Instant now, Duration life) {
        return new Validity(now.minus(CLOCK_SKEW), now.plus(life));
    }

    /** {@return this, ending no later than {@code other}: nobody trusts a leaf longer than its CA} */
    Validity within(Validity other) {
        return notAfter.isAfter(other.notAfter) ? new Validity(notBefore, other.notAfter) : this;
    }

    /** {@return the instant at two thirds of the life of a certificate of ours, when a successor should be issued} */
    public Instant renewal() {
        var issued = notBefore.plus(CLOCK_SKEW);
        return issued.plus(Duration.between(issued, notAfter).multipliedBy(2).dividedBy(3));
    }
}
