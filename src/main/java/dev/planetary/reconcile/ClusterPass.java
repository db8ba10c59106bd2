package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.dask.Contact;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.SchedulerUnavailable.Reason;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Rotation;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import dev.planetary.plan.ClusterPlan;
import dev.planetary.plan.Distrusted;
import dev.planetary.plan.Eviction;
import dev.planetary.plan.Life;
import dev.planetary.plan.Locality;
import dev.planetary.status.ClusterStatus;
import dev.planetary.status.Finding;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** One look at a cluster and what follows from it: observe, accept, lay the ground, plan and carry out, tell. */
final class ClusterPass {
    private static final Duration REREAD_SECRETS_AFTER = Duration.ofMinutes(1);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

    private final ClusterParts parts;

    ClusterPass(ClusterParts parts) {
        this.parts = parts;
    }

    /** @return when to come again even if nothing happens */
    Optional<Duration> run(PlanetaryCluster cluster, Context<PlanetaryCluster> context) {
        try {
            return look(cluster, context);
        } finally {
            Gone.forget(cluster, context, parts::forget);
        }
    }

    private Optional<Duration> look(PlanetaryCluster cluster, Context<PlanetaryCluster> context) {
        var known = parts.observer().observe(cluster, context);
        var trustedCa = parts.trustedCa().bundle().isPresent();
        var decision = parts.acceptance().decide(known, parts.preloads().hash(), trustedCa);
        var model = new ClusterModel(
                cluster,
                decision.inForce(),
                parts.preloads().hash(),
                trustedCa,
                parts.sasUrl(),
                Locality.of(known).flatMap(Locality::placement));

        var asked = Expiration.wantsFreshAnswer(known);
        var fresh = asked ? parts.expiration().ask(endpoint(known, model)) : Optional.<SchedulerState>empty();
        // No answer is one, too: what was heard some time ago does not count any more.
        var seen = asked ? known.withState(fresh) : known;
        if (Life.of(seen).expired()) {
            return Optional.of(Duration.between(seen.now(), parts.expiration().carryOut(seen, model)));
        }

        if (parts.expiration().isLeftOver(seen)) {
            parts.expiration().delete(seen.cluster());
            return Optional.of(LOOK_AGAIN);
        }

        var findings = new ArrayList<>(decision.refused().stream().toList());
        Rotation.misspelt(cluster)
                .map(message -> new Finding(true, "InvalidAnnotation", message))
                .ifPresent(findings::add);
        var times = new ArrayList<Instant>();
        // Refused without an earlier spec to fall back on: there is nothing to act on.
        var able = decision.refused().isEmpty() || seen.latest().isPresent();
        var barred = parts.nodePools().findings(model);
        if (able) {
            act(seen, model, findings, barred).ifPresent(times::add);
        }
        parts.nodePools().readAgain(model, barred).ifPresent(times::add);

        // Before the second look, so that it shows since when the scheduler has been asked.
        followScheduler(seen, model);
        var later = parts.observer().observe(cluster, context);
        parts.board().note(model, parts.nodeEvents().regions(later.pods()), Groundwork.isLaidForRunners(later, model));
        var after = asked ? later.withState(fresh) : later;
        var wanted = parts.shares().wanted(after, model, able && mayHavePods(after, model, barred));
        wanted.finding().ifPresent(findings::add);
        parts.shares().next(after, wanted).ifPresent(times::add);
        var status = ClusterStatus.of(
                after, model, wanted, findings, parts.nodePools().awaited(after, model));
        parts.announcer().status(cluster, status);
        parts.announcer().warnings(after);
        parts.telemetry().told(cluster, status, findings);
        parts.announcer().schedulersNode(after);
        if (status.phase() == Phase.Running) {
            parts.flapping().forget(uid(after));
        }
        parts.statuses().write(cluster, status).map(after.now()::plus).ifPresent(times::add);
        waits(after, known.now()).forEach(times::add);
        if (Life.of(after).expired() || asked && fresh.isEmpty()) {
            times.add(after.now().plus(LOOK_AGAIN));
        }
        return times.stream().min(Instant::compareTo).map(at -> Duration.between(after.now(), at));
    }

    /** What stood in the way of new objects a moment ago stops only creations: pods leave whatever stands in the way. */
    private Optional<Instant> act(
            ClusterObservation seen, ClusterModel model, List<Finding> findings, Map<String, Finding> barred) {
        var generation = seen.cluster().getMetadata().getGeneration();
        var standing = parts.refusals().standing(uid(seen), generation);
        var blocked = new ArrayList<>(standing.isEmpty() ? parts.groundwork().lay(seen, model) : standing);
        var flapping = parts.flapping().standing(uid(seen), generation);

        var plan = plan(seen, model, mayHavePods(seen, model, barred));
        if (plan.discardsResults() && !parts.applier().isCurrent(seen.cluster())) {
            return Optional.of(seen.now().plus(LOOK_AGAIN));
        }
        var able = blocked.isEmpty() && flapping.isEmpty() && !isBarred(model, barred);
        var carried = able ? plan.withoutWorkersOf(barred.keySet()) : plan.withoutCreations();
        blocked.addAll(
                parts.executor().carryOut(seen.cluster(), carried, endpoint(seen, model), model.accepted()::drain));
        if (standing.isEmpty()) {
            parts.refusals().note(uid(seen), generation, blocked);
        }
        var early = plan.endedEarly(seen.now());
        if (!early.isEmpty()) {
            parts.flapping().note(uid(seen), generation, early);
        }
        parts.groundwork().clear(seen, model);
        Locality.finding(seen).ifPresent(findings::add);
        findings.addAll(barred.values());
        findings.addAll(blocked);
        findings.addAll(flapping.isEmpty() ? early : flapping);
        return plan.recheck();
    }

    /** What may have none takes no share of what others could have. */
    private static boolean mayHavePods(ClusterObservation seen, ClusterModel model, Map<String, Finding> barred) {
        return Locality.finding(seen).isEmpty() && !isBarred(model, barred);
    }

    /** A scheduler by itself computes nothing. */
    private static boolean isBarred(ClusterModel model, Map<String, Finding> barred) {
        return barred.keySet().containsAll(model.accepted().pods().groups().keySet());
    }

    private ClusterPlan plan(ClusterObservation seen, ClusterModel model, boolean able) {
        var plan = ClusterPlan.of(seen, model, parts.shares().wanted(seen, model, able));
        return parts.identities()
                .of(model)
                .map(identity -> Distrusted.over(plan, seen, identity.rotation()))
                .orElse(plan);
    }

    private void followScheduler(ClusterObservation seen, ClusterModel model) {
        endpoint(seen, model)
                .ifPresentOrElse(
                        endpoint -> parts.schedulerEvents().follow(seen.cluster(), endpoint),
                        () -> parts.watch().forget(uid(seen)));
    }

    private Optional<SchedulerEndpoint> endpoint(ClusterObservation seen, ClusterModel model) {
        return seen.scheduler().filter(ObservedPod::ready).flatMap(pod -> pod.ip()
                .flatMap(ip -> parts.identities()
                        .of(model)
                        .map(identity -> new SchedulerEndpoint(
                                uid(seen),
                                pod.uid(),
                                ip,
                                ClusterModel.HTTP_PORT,
                                identity.caPem(),
                                identity.token()))));
    }

    /**
     * Ends of waiting that no event tells of. Those that came during this pass count: it may have looked before.
     *
     * @param since when it began
     */
    private Stream<Instant> waits(ClusterObservation seen, Instant since) {
        var uid = uid(seen);
        var distrusted = parts.watch()
                .contact(uid)
                .filter(c -> c instanceof Contact.Unknown unknown
                        && unknown.reason()
                                .filter(r -> r == Reason.UNTRUSTED || r == Reason.UNAUTHORIZED)
                                .isPresent())
                .map(c -> parts.identities().rereadAfter(uid, REREAD_SECRETS_AFTER));
        return Stream.of(
                        parts.refusals().next(uid),
                        parts.acceptance().next(uid),
                        parts.flapping().next(uid),
                        parts.recent().nextExpiry(uid, since),
                        parts.identities().due(uid),
                        parts.dataEvents().next(seen.cluster()),
                        ClusterStatus.patienceEnds(seen),
                        parts.calm().nextChange(uid, seen.now()),
                        Life.of(seen).recheck(),
                        Eviction.of(seen).recheck(),
                        distrusted)
                .flatMap(Optional::stream)
                .filter(since::isBefore);
    }

    private static String uid(ClusterObservation seen) {
        return seen.cluster().getMetadata().getUid();
    }
}
