package dev.planetary.azure;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place that asks Azure: one look for all node pools, at a pace of its own, and none while there is no node pool. And the one gate
 * to change something: one at a time, after a look of its own.
 */
public final class FleetWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FleetWatch.class);

    /** Something to be done to Azure. */
    public interface Deed {
        /** @param live as it is now; nothing else changes it meanwhile, by our hand */
        Optional<Done> on(AgentPools azure, Fleet live) throws ArmException;
    }

    /**
     * Azure has accepted something.
     *
     * @param now   as the pool is from now on
     * @param after what Azure says when to look
     */
    public record Done(AgentPool now, Optional<Duration> after) {}

    /** How it went. */
    public sealed interface Turn {
        /** Somebody else is at it. */
        record Taken() implements Turn {}

        /** @param done empty: seen from near there was nothing to do */
        record Had(Optional<Done> done) implements Turn {}

        record Refused(ArmError error) implements Turn {}
    }

    private final AgentPools azure;
    private final FleetPace pace;
    private final Clock clock;
    /** Of whoever changes something. */
    private final ReentrantLock turn = new ReentrantLock();
    /** Of whoever asks Azure: what a look saw must not be older than what a turn has done. */
    private final ReentrantLock line = new ReentrantLock();

    private final WriteTimes writes;
    /** Who was told that it is another's turn, and waits for its end. */
    private final Set<String> missed = ConcurrentHashMap.newKeySet();

    private final Alarm alarm = new Alarm();
    private volatile Optional<Fleet> latest = Optional.empty();
    private volatile Optional<Silence> silence = Optional.empty();
    private volatile Instant next = Instant.EPOCH;
    private volatile Consumer<Predicate<String>> tell = _ -> {};
    private volatile Thread thread;
    private volatile boolean closed;

    public FleetWatch(AgentPools azure, FleetPace pace, Clock clock) {
        this.azure = azure;
        this.pace = pace;
        this.clock = clock;
        this.writes = new WriteTimes(pace.write());
    }

    /**
     * Begins to look.
     *
     * @param needed  whether there is anybody who wants to know
     * @param changed is given the uids of those that are to come again: all after a look that saw something new; after a turn others than
     *                who had it
     */
    public void start(BooleanSupplier needed, Consumer<Predicate<String>> changed) {
        tell = changed;
        thread = Thread.ofVirtual().name("azure").start(() -> {
            while (!closed) {
                if (!needed.getAsBoolean()) {
                    alarm.await(pace.busy());
                } else if (clock.instant().isBefore(next)) {
                    alarm.await(Duration.between(clock.instant(), next));
                } else if (look()) {
                    changed.accept(_ -> true);
                }
            }
        });
    }

    public FleetPace pace() {
        return pace;
    }

    public Optional<Fleet> latest() {
        return latest;
    }

    public Optional<Silence> silence() {
        return silence.filter(s -> s.until().map(clock.instant()::isBefore).orElse(true));
    }

    /** When Azure's budget allows the next change of an object's pool of that name. */
    public Optional<Instant> notBefore(String uid, String pool) {
        return writes.nextChange(uid, pool);
    }

    /** When a pool of that object may be told to go again. */
    public Optional<Instant> deletesFrom(String uid) {
        return writes.nextDeletion(uid);
    }

    /** Somebody wants to know, who may not have been there a moment ago. */
    public void wake() {
        alarm.ring();
    }

    /**
     * Does something to Azure, if nobody else is at it.
     *
     * @param uid of the object that it is done for
     */
    public Turn take(String uid, Deed deed) {
        if (!turn.tryLock()) {
            missed.add(uid);
            // Whoever had it may have looked for those that wait a moment ago.
            if (!turn.tryLock()) {
                return new Turn.Taken();
            }
            missed.remove(uid);
        }
        line.lock();
        var before = latest;
        var silent = silence;
        try {
            var quiet = silence().filter(s -> s.until().isPresent());
            if (quiet.isPresent()) {
                return new Turn.Refused(quiet.get().error());
            }
            var live = read();
            var done = deed.on(azure, live);
            done.ifPresent(d -> {
                latest = Optional.of(live.with(d.now()));
                next = clock.instant().plus(longer(pace.busy(), d.after()));
                alarm.ring();
            });
            return new Turn.Had(done);
        } catch (ArmException e) {
            if (e.error().throttles()) {
                fellSilent(e.error());
            }
            return new Turn.Refused(e.error());
        } finally {
            var isNew = !before.equals(latest) || !silent.equals(silence);
            line.unlock();
            turn.unlock();
            tellOthers(uid, isNew);
        }
    }

    /** A pool is about to be changed; it counts, also if it is refused: the bucket is Azure's. */
    public void writes(String uid, String pool) {
        writes.changed(uid, pool, clock.instant());
    }

    /** A pool is about to be told to go. */
    public void deletes(String uid) {
        writes.deleted(uid, clock.instant());
    }

    /** The object is gone. */
    public void forget(String uid) {
        writes.forget(uid);
        missed.remove(uid);
    }

    @Override
    public void close() {
        closed = true;
        if (thread != null) {
            thread.interrupt();
        }
    }

    /** @return whether it is new */
    private boolean look() {
        line.lock();
        var before = latest;
        var silent = silence;
        try {
            var fleet = read();
            next = clock.instant().plus(fleet.occupied().isPresent() ? pace.busy() : pace.rest());
        } catch (ArmException e) {
            fellSilent(e.error());
        } catch (RuntimeException e) {
            LOG.warn("Azure cannot be asked", e);
            fellSilent(new ArmError(0, "", String.valueOf(e.getMessage()), Optional.empty()));
        } finally {
            line.unlock();
        }
        return !before.equals(latest) || !silent.equals(silence);
    }

    /** Who had the turn knows what it saw, and is not told: the SDK would retry its pass at once if that fails, without pauses. */
    private void tellOthers(String uid, boolean isNew) {
        var late = Set.copyOf(missed);
        missed.removeAll(late);
        if (isNew) {
            tell.accept(other -> !other.equals(uid));
        } else if (!late.isEmpty()) {
            tell.accept(late::contains);
        }
    }

    private Fleet read() throws ArmException {
        var fleet = new Fleet(azure.cluster(), azure.list());
        latest = Optional.of(fleet);
        silence = Optional.empty();
        return fleet;
    }

    private void fellSilent(ArmError error) {
        var now = clock.instant();
        next = now.plus(error.retryAfter().orElse(pace.error()));
        silence = Optional.of(new Silence(error, error.retryAfter().map(now::plus)));
        alarm.ring();
        LOG.info("Azure is not asked until {}: {}", next, error);
    }

    private static Duration longer(Duration one, Optional<Duration> other) {
        return other.filter(it -> it.compareTo(one) > 0).orElse(one);
    }
}
