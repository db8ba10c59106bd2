package dev.planetary.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Unmodifiable copies that keep the order they were written in. {@code Map.copyOf} walks in another order in every JVM: whatever
 * is built from it, such as a hash that decides whether pods are replaced, would change with each restart of the operator.
 */
final class Copies {
    private Copies() {}

    static <V> Map<String, V> ordered(Map<String, V> map) {
        return map == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
}
