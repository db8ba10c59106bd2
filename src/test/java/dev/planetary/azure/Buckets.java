package dev.planetary.azure;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * AKS's token buckets, as published: PUT of an agent pool 20 and one a minute, per pool; GET of an operation 200 and 2 a second, GET of a
 * cluster 60 and one a second, all else 60 and one a second, per subscription.
 */
final class Buckets {
    /** Kinds of calls that have a bucket. */
    enum Kind {
        PUT_POOL(20, 1 / 60.0),
        GET_OPERATION(200, 2),
        GET_CLUSTER(60, 1),
        OTHER(60, 1);

        private final double burst;
        private final double perSecond;

        Kind(double burst, double perSecond) {
            this.burst = burst;
            this.perSecond = perSecond;
        }
    }

    private static final class Bucket {
        double tokens;
        long at;
    }

    private final Map<String, Bucket> buckets = new HashMap<>();
    private final long nanosOfASecond;

    /** @param second how long one of Azure's lasts here */
    Buckets(Duration second) {
        nanosOfASecond = second.toNanos();
    }

    /** @return seconds to wait, Azure's; 0: there was a token */
    synchronized long take(Kind kind, String whose) {
        var now = System.nanoTime();
        var bucket = buckets.computeIfAbsent(kind + " " + whose, _ -> {
            var full = new Bucket();
            full.tokens = kind.burst;
            full.at = now;
            return full;
        });
        bucket.tokens =
                Math.min(kind.burst, bucket.tokens + (double) (now - bucket.at) / nanosOfASecond * kind.perSecond);
        bucket.at = now;
        if (bucket.tokens >= 1) {
            bucket.tokens--;
            return 0;
        }
        return (long) Math.ceil((1 - bucket.tokens) / kind.perSecond);
    }
}
