package dev.planetary.azure;

import java.time.Duration;

/**
 * How often Azure is asked. Its buckets (AKS, per subscription): 60 lists, one more a second; of writes 20 a pool, one more a minute.
 *
 * @param busy  between two looks while something is being changed
 * @param rest  between two looks else
 * @param write between two changes of one pool
 * @param error between two looks while Azure fails, where it does not say
 */
public record FleetPace(Duration busy, Duration rest, Duration write, Duration error) {
    /** A pool's bucket gets one write a minute. */
    public static final Duration WRITE = Duration.ofMinutes(1);
}
