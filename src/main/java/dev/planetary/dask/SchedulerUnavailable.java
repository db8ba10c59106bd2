package dev.planetary.dask;

import java.io.IOException;

/** A scheduler gave no answer that can be used. The message says who was asked for what; it never holds the token. */
public final class SchedulerUnavailable extends IOException {

    private static final long serialVersionUID = 1;

    /** What went wrong, as far as it asks for different measures. */
    public enum Reason {
        /** No connection or no answer in time: it starts, hangs or is gone. */
        UNREACHABLE,
        /** Its certificate is not of the cluster's CA: read the Secret again, or the address is another's. */
        UNTRUSTED,
        /** 401 or 403: read the token again. */
        UNAUTHORIZED,
        /** It answers, but not what the contract says. */
        UNEXPECTED
    }

    private final Reason reason;

    public SchedulerUnavailable(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public SchedulerUnavailable(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** {@return what went wrong} */
    public Reason reason() {
        return reason;
    }
}
