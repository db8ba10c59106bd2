package dev.planetary.desired;

import dev.planetary.api.OnChange;
import dev.planetary.api.OnChange.Effect;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Parts of a spec, by what a change of them does to pods ({@link OnChange}). */
final class Parts {
    /** The JVM reads annotations anew each time it is asked for components, and every pass asks. */
    private static final ClassValue<RecordComponent[]> COMPONENTS = new ClassValue<>() {
        @Override
        protected RecordComponent[] computeValue(Class<?> type) {
            return type.getRecordComponents();
        }
    };

    private Parts() {}

    /** All that pods are made from. */
    static <R extends Record> R ofPods(R spec) {
        return of(spec, EnumSet.complementOf(EnumSet.of(Effect.LIVE)));
    }

    /** A copy in which every field of another effect is left at its default. */
    static <R extends Record> R of(R spec, Set<Effect> effects) {
        var components = COMPONENTS.get(spec.getClass());
        try {
            var constructor = spec.getClass()
                    .getDeclaredConstructor(Arrays.stream(components)
                            .map(RecordComponent::getType)
                            .toArray(Class[]::new));
            var values = new Object[components.length];
            for (int i = 0; i < components.length; i++) {
                if (effects.contains(components[i].getAnnotation(OnChange.class).value())) {
                    values[i] = below(components[i].getAccessor().invoke(spec), effects);
                }
            }
            @SuppressWarnings("unchecked")
            var part = (R) constructor.newInstance(values);
            return part;
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("a spec is made of public records", e);
        }
    }

    private static Object below(Object value, Set<Effect> effects) {
        return switch (value) {
            case Record spec when isSpec(spec) -> of(spec, effects);
            case List<?> list -> list.stream().map(item -> below(item, effects)).toList();
            case null, default -> value;
        };
    }

    private static boolean isSpec(Record record) {
        return Arrays.stream(COMPONENTS.get(record.getClass())).anyMatch(c -> c.isAnnotationPresent(OnChange.class));
    }
}
