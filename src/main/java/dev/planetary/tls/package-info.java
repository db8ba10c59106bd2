/**
 * Certificates and tokens of a cluster: pure functions of their arguments, the given clock and fresh random numbers.
 * Nothing here reads or writes a Secret. And whom we believe to be a service of the outside world, and how far we trust it
 * ({@link dev.planetary.tls.OutsideTrust}, {@link dev.planetary.tls.OutsideHttp}).
 */
package dev.planetary.tls;
