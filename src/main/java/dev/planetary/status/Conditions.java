package dev.planetary.status;

import dev.planetary.api.Condition;
import dev.planetary.api.Condition.Status;
import dev.planetary.api.PlanetaryClusterStatus;
import dev.planetary.desired.ClusterModel;
import dev.planetary.observe.Quoted;
import dev.planetary.plan.Locality;
import dev.planetary.plan.Shortage;
import dev.planetary.status.Verdict.Facts;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The conditions of a PlanetaryCluster: three that are always there, one that is where data is named, and those that are
 * there only while true.
 */
final class Conditions {

    private Conditions() {}

    static List<Condition> of(Facts facts, ClusterModel model, Optional<PlanetaryClusterStatus> before) {
        var ready = Verdict.ready(facts);
        var stalled = facts.findings().stream().filter(Finding::permanent).findFirst();
        var all = new ArrayList<Condition>();
        all.add(condition(Condition.READY, ready, facts, before));
        all.add(condition(Condition.SCHEDULER_READY, Verdict.scheduler(facts), facts, before));
        all.add(condition(Condition.WORKERS_READY, Verdict.workers(facts), facts, before));
        Locality.of(facts.seen())
                .map(l -> condition(Condition.DATA_LOCAL, l.local(), l.reason(), l.message(), facts, before))
                .ifPresent(all::add);
        if (stalled.isPresent()) {
            all.add(condition(
                    Condition.STALLED,
                    new Verdict(true, stalled.get().reason(), stalled.get().message()),
                    facts,
                    before));
        } else if (!ready.holds()) {
            all.add(condition(
                    Condition.RECONCILING, new Verdict(true, ready.reason(), ready.message()), facts, before));
        }
        LifeTold.expiresSoon(facts, before)
                .map(v -> condition(Condition.EXPIRES_SOON, v, facts, before))
                .ifPresent(all::add);
        facts.shortage()
                .map(s -> new Verdict(true, Shortage.REASON, s.message()))
                .map(v -> condition(Condition.LIMITED, v, facts, before))
                .ifPresent(all::add);
        facts.nodesAwaited()
                .map(message -> new Verdict(true, "NodesMissing", message))
                .map(v -> condition(Condition.WAITS_FOR_NODES, v, facts, before))
                .ifPresent(all::add);
        TlsTold.off(model)
                .map(v -> condition(Condition.TLS_OFF, v, facts, before))
                .ifPresent(all::add);
        return all;
    }

    private static Condition condition(
            String type, Verdict verdict, Facts facts, Optional<PlanetaryClusterStatus> before) {
        return condition(
                type, verdict.holds() ? Status.True : Status.False, verdict.reason(), verdict.message(), facts, before);
    }

    private static Condition condition(
            String type,
            Status status,
            String reason,
            String message,
            Facts facts,
            Optional<PlanetaryClusterStatus> before) {
        return condition(
                before.flatMap(b -> b.condition(type)),
                type,
                status,
                facts.seen().cluster().getMetadata().getGeneration(),
                Quoted.reason(reason),
                Quoted.beginning(message),
                facts.seen().now());
    }

    /** For all kinds: the time of the last transition stays while the status does. */
    static Condition condition(
            Optional<Condition> before,
            String type,
            Status status,
            Long generation,
            String reason,
            String message,
            Instant now) {
        var since = before.filter(c -> c.status() == status)
                .map(Condition::lastTransitionTime)
                .orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS).toString());
        return new Condition(type, status, generation, since, reason, message);
    }
}
