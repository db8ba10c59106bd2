package dev.planetary.api;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Unmodifiable copies that keep the order they were written in. {@code Map.copyOf} walks in another order in every JVM: whatever
 * is built from it, such as a hash that decides whether pods are replaced, would change with each restart of the operator.
 */
final class Copies {
    private Copies() {}

    /** One spelling for one number: 1e21 must still equal itself after the API server and a float have had it. */
    static Map<String, BigDecimal> plain(Map<String, BigDecimal> amounts) {
        var plain = new TreeMap<String, BigDecimal>();
        if (amounts != null) {
            amounts.forEach((name, amount) ->
                    plain.put(name, new BigDecimal(amount.stripTrailingZeros().toPlainString())));
        }
        return Collections.unmodifiableMap(plain);
    }

    static <V> Map<String, V> ordered(Map<String, V> map) {
        return map == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
}
