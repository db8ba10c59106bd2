/**
 * Certificates and tokens of a cluster: pure functions of their arguments, the given clock and fresh random numbers.
 * Nothing here reads or writes a Secret.
 */
package dev.planetary.tls;
