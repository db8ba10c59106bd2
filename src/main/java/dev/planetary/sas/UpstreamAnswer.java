package dev.planetary.sas;

import java.time.Duration;
import java.util.Optional;

/** What the Planetary Computer's SAS API said. No message holds a token, a key, or a part of the answer's body. */
public sealed interface UpstreamAnswer {

    /** Here is a token. */
    record Granted(SasToken token) implements UpstreamAnswer {}

    /** There is no such container or collection. */
    record Unknown() implements UpstreamAnswer {}

    /**
     * We ask too often (429).
     *
     * @param pause what it asks us to wait
     */
    record Busy(Optional<Duration> pause) implements UpstreamAnswer {}

    /** It does not take us for one who may ask (401, 403): a wrong subscription key. To ask again would not help. */
    record Denied(String what) implements UpstreamAnswer {}

    /**
     * Anything else: it does not answer, or not with a token.
     *
     * @param pause what it asks us to wait
     */
    record Failed(String what, Optional<Duration> pause) implements UpstreamAnswer {}
}
