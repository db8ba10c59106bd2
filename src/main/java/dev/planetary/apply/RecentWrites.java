package dev.planetary.apply;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * What was written a moment ago and may not have come back by a watch yet, so that it is neither written again nor taken for
 * missing. A convenience, not a truth: it forgets after half a minute, and correctness never rests on it.
 */
public final class RecentWrites {
    private static final Duration MEMORY = Duration.ofSeconds(30);
    /** A scheduler that took a request to retire shows it in its state within a second or two. */
    private static final Duration ASKED = Duration.ofSeconds(5);

    private record Created(HasMetadata object, Instant at) {}

    /** One object's recent writes, by the uids of what it owns. */
    private static final class Writes {
        final ConcurrentMap<String, Created> created = new ConcurrentHashMap<>();
        final ConcurrentMap<String, Instant> deleted = new ConcurrentHashMap<>();
        final ConcurrentMap<String, Instant> retired = new ConcurrentHashMap<>();

        void sweep(Instant oldest) {
            created.values().removeIf(c -> !c.at.isAfter(oldest));
            deleted.values().removeIf(at -> !at.isAfter(oldest));
            retired.values().removeIf(at -> !at.isAfter(oldest));
        }
    }

    /** By the uid of a cluster or job. */
    private final ConcurrentMap<String, Writes> owners = new ConcurrentHashMap<>();

    private final Clock clock;

    public RecentWrites(Clock clock) {
        this.clock = clock;
    }

    public void created(String owner, HasMetadata object) {
        of(owner).created.put(object.getMetadata().getUid(), new Created(object, clock.instant()));
    }

    public void deleted(String owner, String uid) {
        of(owner).created.remove(uid);
        of(owner).deleted.put(uid, clock.instant());
    }

    public void askedToRetire(String owner, Collection<String> uids) {
        uids.forEach(uid -> of(owner).retired.put(uid, clock.instant()));
    }

    public void kept(String owner, Collection<String> uids) {
        known(owner).ifPresent(writes -> uids.forEach(writes.retired::remove));
    }

    public boolean wasDeleted(String owner, String uid) {
        return known(owner)
                .filter(writes -> young(writes.deleted.get(uid), MEMORY))
                .isPresent();
    }

    public boolean wasAskedToRetire(String owner, String uid) {
        return known(owner)
                .filter(writes -> young(writes.retired.get(uid), ASKED))
                .isPresent();
    }

    /** The cached objects of a kind, and those just made that the cache does not show yet. Part of every look: what is old goes here. */
    public <T extends HasMetadata> List<T> merge(String owner, Class<T> kind, Collection<T> cached) {
        var all = new ArrayList<T>(cached);
        known(owner).ifPresent(writes -> {
            writes.sweep(clock.instant().minus(MEMORY));
            cached.forEach(object -> writes.created.remove(object.getMetadata().getUid()));
            writes.created.values().stream()
                    .map(Created::object)
                    .filter(kind::isInstance)
                    .map(kind::cast)
                    .forEach(all::add);
        });
        return List.copyOf(all);
    }

    public void forget(String owner) {
        owners.remove(owner);
    }

    /**
     * When a request to retire will no longer be taken for granted; no event tells.
     *
     * @param since those of before do not count
     */
    public Optional<Instant> nextExpiry(String owner, Instant since) {
        return known(owner).stream()
                .flatMap(writes -> writes.retired.values().stream())
                .map(at -> at.plus(ASKED))
                .filter(since::isBefore)
                .min(Instant::compareTo);
    }

    private boolean young(Instant at, Duration memory) {
        return at != null && at.isAfter(clock.instant().minus(memory));
    }

    /** Nothing is kept on account of a question. */
    private Optional<Writes> known(String owner) {
        return Optional.ofNullable(owners.get(owner));
    }

    private Writes of(String owner) {
        return owners.computeIfAbsent(owner, _ -> new Writes());
    }
}
