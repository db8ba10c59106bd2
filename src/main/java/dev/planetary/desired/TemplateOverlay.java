package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Lays a user's pod template over the operator's pod. Maps merge deeply; containers, initContainers, volumes and env by name;
 * volumeMounts by mountPath; other lists replace. A null takes away what the operator's pod has there, as in a JSON merge patch
 * (RFC 7386); in a list there is none. What the operator owns is put back afterwards by {@link DaskPod}.
 */
final class TemplateOverlay {
    private static final Map<String, String> LIST_KEYS = Map.of(
            "containers",
            "name",
            "initContainers",
            "name",
            "volumes",
            "name",
            "env",
            "name",
            "volumeMounts",
            "mountPath");

    private TemplateOverlay() {}

    /** @throws IllegalArgumentException if the template has a value where a pod has a map, or the like; or takes all of one away */
    static Pod lay(Map<String, Object> template, Pod over) {
        return template.isEmpty() ? over : Json.as(Pod.class, checked("", merge(Json.map(over), template)));
    }

    /** A template is free-form to the API server: what no pod can have is told here. */
    private static Object checked(String key, Object value) {
        if (value instanceof Map<?, ?> map) {
            var kept = new LinkedHashMap<String, Object>();
            map.forEach((k, v) -> {
                if (v != null) {
                    kept.put(String.valueOf(k), checked(String.valueOf(k), v));
                }
            });
            return kept;
        }
        return value instanceof List<?> list
                ? list.stream().map(item -> item(key, item)).toList()
                : value;
    }

    private static Object item(String key, Object item) {
        var named = LIST_KEYS.get(key);
        if (item == null || named != null && item instanceof Map<?, ?> map && map.get(named) == null) {
            throw new IllegalArgumentException("an item of " + key + (item == null ? " is empty" : " has no " + named));
        }
        return checked(key, item);
    }

    private static Map<String, Object> merge(Map<String, Object> base, Map<?, ?> patch) {
        var merged = new LinkedHashMap<>(base);
        patch.forEach((k, is) -> {
            var key = String.valueOf(k);
            if (is == null) {
                merged.remove(key);
            } else {
                merged.merge(key, is, (was, now) -> mergeValue(key, was, now));
            }
        });
        return merged;
    }

    private static Object mergeValue(String key, Object was, Object is) {
        if (was instanceof Map<?, ?> base && is instanceof Map<?, ?> patch) {
            return merge(Json.map(base), patch);
        }
        var listKey = LIST_KEYS.get(key);
        if (listKey != null && was instanceof List<?> base && is instanceof List<?> patch) {
            return mergeList(listKey, base, patch);
        }
        return is;
    }

    private static List<Object> mergeList(String listKey, List<?> base, List<?> patch) {
        var merged = new LinkedHashMap<Object, Object>();
        base.forEach(item -> merged.put(keyOf(listKey, item), item));
        patch.stream()
                .filter(Objects::nonNull)
                .forEach(item -> merged.merge(keyOf(listKey, item), item, (was, is) -> mergeValue(listKey, was, is)));
        return List.copyOf(merged.values());
    }

    /** An item without its key stands for itself. */
    private static Object keyOf(String listKey, Object item) {
        return item instanceof Map<?, ?> map && map.get(listKey) != null ? map.get(listKey) : item;
    }
}
