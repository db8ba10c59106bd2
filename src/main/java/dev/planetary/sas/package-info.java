/**
 * The SAS broker, the second role of the image: hands the Planetary Computer's short-lived tokens to whoever reads in the cluster, and
 * asks for each of them upstream once, whatever the number of readers. {@link dev.planetary.sas.Freshness} and
 * {@link dev.planetary.sas.Held} decide, {@link dev.planetary.sas.TokenBroker} acts, {@link dev.planetary.sas.Upstream} is the port.
 */
package dev.planetary.sas;
