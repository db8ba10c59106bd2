package dev.planetary.reconcile;

import dev.planetary.reconcile.Wire.Fault;
import dev.planetary.reconcile.Wire.Sent;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** Keeps a book of an operator's writes, and ends its life at one of them: from then on nothing it sends goes anywhere. */
final class Death implements Function<Sent, Optional<Fault>> {
    /** On which side of the write. */
    enum Moment {
        BEFORE_IT_IS_DONE,
        BEFORE_IT_IS_ANSWERED
    }

    /** Where a life may end. */
    record End(Point at, Moment moment) {}

    /**
     * All ends that differ to those who come after: after each write, and before the first. Before any other is, to them, after the one
     * before it. After an event it is too, for no operator reads events: one death at each kind of event is enough.
     *
     * @param events labels of those that somebody has died at, which grow
     */
    static Stream<End> ends(List<Point> writes, Set<String> events) {
        return Stream.concat(
                writes.stream().limit(1).map(first -> new End(first, Moment.BEFORE_IT_IS_DONE)),
                writes.stream()
                        .filter(write -> !write.isEvent() || events.add(write.label))
                        .map(write -> new End(write, Moment.BEFORE_IT_IS_ANSWERED)));
    }

    /**
     * One of the writes of a run. Writes go out at once and in any order, so they are known by what they are.
     *
     * @param occurrence counts those of one label, from 1
     */
    record Point(String label, int occurrence) {
        private boolean isEvent() {
            return label.startsWith("POST events ");
        }

        @Override
        public String toString() {
            return label + " #" + occurrence;
        }
    }

    private final Optional<Point> at;
    private final Moment moment;
    private final KubernetesClient behind;
    private final List<Point> done = new ArrayList<>();
    private volatile boolean struck;

    /** @param behind does the last deed */
    Death(Optional<Point> at, Moment moment, KubernetesClient behind) {
        this.at = at;
        this.moment = moment;
        this.behind = behind;
    }

    /** Only keeps the book. */
    static Death never() {
        return new Death(Optional.empty(), Moment.BEFORE_IT_IS_DONE, null);
    }

    boolean struck() {
        return struck;
    }

    /** What reached a server. */
    synchronized List<Point> done() {
        return List.copyOf(done);
    }

    @Override
    public synchronized Optional<Fault> apply(Sent sent) {
        if (struck) {
            return Optional.of(new Fault.Dead());
        }
        if (!sent.write()) {
            return Optional.empty();
        }
        var label = sent.label();
        var point = new Point(
                label,
                1 + (int) done.stream().filter(p -> p.label.equals(label)).count());
        if (at.filter(point::equals).isEmpty()) {
            done.add(point);
            return Optional.empty();
        }
        struck = true;
        if (moment == Moment.BEFORE_IT_IS_DONE) {
            return Optional.of(new Fault.Dead());
        }
        done.add(point);
        return Optional.of(new Fault.LastDeed(behind));
    }
}
