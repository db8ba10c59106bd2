package dev.planetary.stac;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.planetary.stac.CollectionPlace.Asking;
import dev.planetary.stac.CollectionPlace.Found;
import dev.planetary.stac.CollectionPlace.NoCatalogue;
import dev.planetary.stac.CollectionPlace.NotFound;
import dev.planetary.stac.CollectionPlace.Unanswered;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * Remembers where collections lie, and asks beside: nobody who wants to know waits. One request per collection at a time, four in all. What
 * was once found stays so while the catalogue is away.
 */
public final class CollectionLookups {
    /** The Planetary Computer has some 140; what is made up must not fill the memory. */
    private static final long MOST = 2_000;

    private static final int AT_ONCE = 4;
    /** Data is moved to another region seldom or never. */
    static final Duration FOUND_FOR = Duration.ofDays(1);

    static final Duration NOT_FOUND_FOR = Duration.ofMinutes(5);
    static final Duration FIRST_PAUSE = Duration.ofSeconds(5);
    static final Duration LONGEST_PAUSE = Duration.ofMinutes(10);

    /** @param failures how often in a row it was asked in vain */
    private record Known(CollectionPlace place, Instant until, int failures) {}

    private final Optional<Catalogue> catalogue;
    private final Clock clock;
    private final Executor executor;
    private final Consumer<String> answered;
    private final Consumer<String> counted;
    private final Cache<String, Known> known =
            Caffeine.newBuilder().maximumSize(MOST).executor(Runnable::run).build();
    private final Set<String> asked = ConcurrentHashMap.newKeySet();
    private final Semaphore slots = new Semaphore(AT_ONCE);

    /**
     * @param catalogue empty: nobody is asked
     * @param executor  of virtual threads, for they wait
     * @param answered  told which collection there is news of, or a new time to ask
     * @param counted   told of each request how it ended: found, unknown, failed
     */
    public CollectionLookups(
            Optional<Catalogue> catalogue,
            Clock clock,
            Executor executor,
            Consumer<String> answered,
            Consumer<String> counted) {
        this.catalogue = catalogue;
        this.clock = clock;
        this.executor = executor;
        this.answered = answered;
        this.counted = counted;
    }

    /** {@return what is known now}; asks if that is nothing, or old */
    public CollectionPlace place(String id) {
        if (catalogue.isEmpty()) {
            return new NoCatalogue();
        }
        var now = Optional.ofNullable(known.getIfPresent(id));
        if (!fresh(now) && asked.add(id)) {
            executor.execute(() -> ask(id));
        }
        return now.map(Known::place).orElseGet(Asking::new);
    }

    /** {@return when one of these that is not found is to be asked for again}; whoever then calls {@link #place} asks */
    public Optional<Instant> next(Collection<String> ids) {
        return ids.stream()
                .map(known::getIfPresent)
                .filter(Objects::nonNull)
                .filter(k -> !(k.place instanceof Found) && clock.instant().isBefore(k.until))
                .map(Known::until)
                .min(Instant::compareTo);
    }

    private void ask(String id) {
        slots.acquireUninterruptibly();
        try {
            // Somebody may have looked just before the last answer was noted.
            if (fresh(Optional.ofNullable(known.getIfPresent(id)))) {
                return;
            }
            note(id, catalogue.orElseThrow().collection(id));
        } finally {
            slots.release();
            asked.remove(id);
        }
        answered.accept(id);
    }

    private boolean fresh(Optional<Known> entry) {
        return entry.filter(k -> clock.instant().isBefore(k.until)).isPresent();
    }

    private void note(String id, Catalogue.Answer answer) {
        var now = clock.instant();
        var before = Optional.ofNullable(known.getIfPresent(id));
        switch (answer.place()) {
            case Found found -> {
                counted.accept("found");
                known.put(id, new Known(found, now.plus(FOUND_FOR), 0));
            }
            case NotFound notFound -> {
                counted.accept("unknown");
                known.put(id, new Known(notFound, now.plus(NOT_FOUND_FOR), 0));
            }
            case Unanswered _, Asking _, NoCatalogue _ -> {
                counted.accept("failed");
                var failures = before.map(Known::failures).orElse(0) + 1;
                var place = before.map(Known::place)
                        .filter(p -> !(p instanceof Unanswered))
                        .orElse(answer.place());
                known.put(id, new Known(place, now.plus(pause(failures, answer.pause())), failures));
            }
        }
    }

    /** 5, 10, 20 s and so on up to ten minutes, or longer if we are asked to, but no longer than that. */
    static Duration pause(int failures, Optional<Duration> wanted) {
        var own = FIRST_PAUSE.multipliedBy(1L << Math.min(failures - 1, 10));
        var longer = wanted.filter(w -> w.compareTo(own) > 0).orElse(own);
        return longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
    }
}
