package dev.planetary.reconcile;

import dev.planetary.plan.Limits;
import dev.planetary.plan.Measure;
import dev.planetary.settings.OperatorSettings.LimitSettings;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The limits that the settings give to each namespace. */
record NamespaceLimits(Limits all, Map<String, Limits> single) {

    /** @throws IllegalArgumentException if a setting is no number; it names the setting */
    static NamespaceLimits of(LimitSettings settings) {
        var all = new EnumMap<Measure, Long>(Measure.class);
        put(all, Measure.CLUSTERS, settings.clusters());
        put(all, Measure.WORKERS, settings.workers());
        put(all, Measure.CORES, settings.cores());
        put(all, Measure.MEMORY, settings.memory());
        var single = new HashMap<String, Map<Measure, Long>>();
        put(single, all, Measure.CLUSTERS, settings.clustersOf());
        put(single, all, Measure.WORKERS, settings.workersOf());
        put(single, all, Measure.CORES, settings.coresOf());
        put(single, all, Measure.MEMORY, settings.memoryOf());
        var limits = new HashMap<String, Limits>();
        single.forEach((namespace, most) -> limits.put(namespace, new Limits(most)));
        return new NamespaceLimits(new Limits(all), Map.copyOf(limits));
    }

    Limits in(String namespace) {
        return single.getOrDefault(namespace, all);
    }

    private static void put(Map<Measure, Long> most, Measure measure, Optional<String> setting) {
        setting.ifPresent(text -> most.put(measure, amount(measure, "planetary.limits." + measure.setting(), text)));
    }

    /** What is not said of a namespace by itself is as for all. */
    private static void put(
            Map<String, Map<Measure, Long>> single,
            Map<Measure, Long> all,
            Measure measure,
            Optional<List<String>> settings) {
        var setting = "planetary.limits.%s-of".formatted(measure.setting());
        for (var text : settings.orElse(List.of())) {
            var parts = text.split("=", 2);
            if (parts.length < 2 || parts[0].isBlank()) {
                throw new IllegalArgumentException(
                        "%s: \"%s\" is not namespace=limit, such as team-a=20".formatted(setting, text));
            }
            single.computeIfAbsent(parts[0].strip(), _ -> withAll(all))
                    .put(measure, amount(measure, setting, parts[1]));
        }
    }

    private static EnumMap<Measure, Long> withAll(Map<Measure, Long> all) {
        var copy = new EnumMap<Measure, Long>(Measure.class);
        copy.putAll(all);
        return copy;
    }

    private static long amount(Measure measure, String setting, String text) {
        try {
            var number =
                    switch (measure) {
                        case CLUSTERS, WORKERS -> new BigDecimal(text.strip());
                        case CORES ->
                            new Quantity(text.strip()).getNumericalAmount().movePointRight(3);
                        case MEMORY -> new Quantity(text.strip()).getNumericalAmount();
                    };
            if (number.signum() < 0) {
                throw new ArithmeticException("below zero");
            }
            return number.longValueExact();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new IllegalArgumentException(
                    "%s: \"%s\" is no number of %s; write one such as %s, or unset the setting"
                            .formatted(setting, text, measure.setting(), measure == Measure.MEMORY ? "512Gi" : "64"),
                    e);
        }
    }
}
