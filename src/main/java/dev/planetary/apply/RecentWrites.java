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

    /** One cluster's recent writes. */
    private static final class Writes {
        final ConcurrentMap<String, Created> created = new ConcurrentHashMap<>();
        final ConcurrentMap<String, Instant> deleted = new ConcurrentHashMap<>();
        final ConcurrentMap<String, Instant> retired = new ConcurrentHashMap<>();
    }

    private final ConcurrentMap<String, Writes> clusters = new ConcurrentHashMap<>();
    private final Clock clock;

    public RecentWrites(Clock clock) {
        this.clock = clock;
    }

    public void created(String clusterUid, HasMetadata object) {
        of(clusterUid).created.put(object.getMetadata().getUid(), new Created(object, clock.instant()));
    }

    public void deleted(String clusterUid, String uid) {
        of(clusterUid).created.remove(uid);
        of(clusterUid).deleted.put(uid, clock.instant());
    }

    public void askedToRetire(String clusterUid, Collection<String> uids) {
        uids.forEach(uid -> of(clusterUid).retired.put(uid, clock.instant()));
    }

    public void kept(String clusterUid, Collection<String> uids) {
        uids.forEach(of(clusterUid).retired::remove);
    }

    public boolean wasDeleted(String clusterUid, String uid) {
        return young(of(clusterUid).deleted, uid, MEMORY);
    }

    public boolean wasAskedToRetire(String clusterUid, String uid) {
        return young(of(clusterUid).retired, uid, ASKED);
    }

    /** The cached objects of a kind, and those just made that the cache does not show yet. */
    public <T extends HasMetadata> List<T> merge(String clusterUid, Class<T> kind, Collection<T> cached) {
        var writes = of(clusterUid);
        cached.forEach(object -> writes.created.remove(object.getMetadata().getUid()));
        writes.created.values().removeIf(c -> !c.at.isAfter(clock.instant().minus(MEMORY)));
        var all = new ArrayList<T>(cached);
        writes.created.values().stream()
                .map(Created::object)
                .filter(kind::isInstance)
                .map(kind::cast)
                .forEach(all::add);
        return List.copyOf(all);
    }

    public void forget(String clusterUid) {
        clusters.remove(clusterUid);
    }

    /** When a request to retire will no longer be taken for granted; no event tells. */
    public Optional<Instant> nextExpiry(String clusterUid) {
        return of(clusterUid).retired.values().stream().min(Instant::compareTo).map(at -> at.plus(ASKED));
    }

    private boolean young(ConcurrentMap<String, Instant> times, String uid, Duration memory) {
        times.values().removeIf(at -> !at.isAfter(clock.instant().minus(memory)));
        return times.containsKey(uid);
    }

    private Writes of(String clusterUid) {
        return clusters.computeIfAbsent(clusterUid, uid -> new Writes());
    }
}
