package dev.planetary.sas;

import java.time.Duration;

/** What whoever asked is given. */
sealed interface Served {

    /** A token. */
    record Token(SasToken token) implements Served {}

    /** There is none, and never will be. */
    record NotThere(String why) implements Served {}

    /** There is none now. */
    record NotNow(String why, Duration retryAfter) implements Served {}
}
