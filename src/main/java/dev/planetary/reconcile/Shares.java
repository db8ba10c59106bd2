package dev.planetary.reconcile;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.desired.AcceptedSpec;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.observe.ObservedPod;
import dev.planetary.plan.Claim;
import dev.planetary.plan.Grant;
import dev.planetary.plan.Limits;
import dev.planetary.plan.Wanted;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Who has how much of a namespace's limits. Passes of clusters run side by side, so what one is given is noted here before another is
 * served. Nothing of it has to outlive the process: what clusters have is seen by their pods. One that could have more, since another
 * has less, is woken; nobody asks the API server for that.
 */
final class Shares extends AbstractEventSource<Wanted, PlanetaryCluster> {
    /** @param grant empty: no pass has looked at it yet, or it is being deleted, and no pass will */
    private record Entry(ResourceID id, Claim claim, Optional<Grant> grant) {
        /** What it was granted is its own before its pods are there. */
        Claim holding() {
            return grant.map(g -> claim.holding(g.use())).orElse(claim);
        }
    }

    private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

    private final NamespaceLimits limits;
    private final String defaultImage;
    private final Clock clock;
    /** By the cluster's uid. */
    private final Map<String, Entry> entries = new HashMap<>();

    private Function<String, Stream<PlanetaryCluster>> clusters = _ -> Stream.empty();
    private Function<PlanetaryCluster, Set<Pod>> podsOf = _ -> Set.of();
    private Function<String, Stream<Pod>> podsIn = _ -> Stream.empty();

    Shares(NamespaceLimits limits, String defaultImage, Clock clock) {
        super(Wanted.class, "shares");
        this.limits = limits;
        this.defaultImage = defaultImage;
        this.clock = clock;
    }

    /** Where it is seen who else is there. */
    Shares among(InformerEventSource<Pod, PlanetaryCluster> pods, EventSourceContext<PlanetaryCluster> context) {
        clusters = namespace -> context.getPrimaryCache().list(namespace);
        podsOf = pods::getSecondaryResources;
        podsIn = namespace -> pods.list(namespace, _ -> true);
        return this;
    }

    /**
     * How many workers a cluster should have now, as far as there is room for them.
     *
     * @param able whether anything can be made of its spec
     */
    Wanted wanted(ClusterObservation seen, ClusterModel model, boolean able) {
        var asked = Wanted.of(seen, model.accepted());
        var id = ResourceID.fromResource(seen.cluster());
        var most = limits.in(id.getNamespace().orElseThrow());
        if (most.none()) {
            return asked;
        }
        var uid = seen.cluster().getMetadata().getUid();
        var claim = Claim.of(seen, model, asked, most);
        Wanted within;
        Set<ResourceID> wake;
        synchronized (this) {
            var there = there(id.getNamespace().orElseThrow(), most);
            var before = Optional.ofNullable(entries.get(uid)).flatMap(Entry::grant);
            var mine = new Entry(id, able ? claim : claim.withdrawn(), before);
            there.put(uid, mine);
            var grant = grants(most, there).get(uid);
            there.put(uid, new Entry(id, mine.claim, Optional.of(grant)));
            entries.putAll(there);
            wake = new HashSet<>(couldHaveMore(most, there));
            // Seen when only the status is still to be told, it would be noted, and nobody would act on it.
            if (before.filter(grant::exceeds).isPresent()) {
                wake.add(id);
            }
            there.remove(uid);
            within = asked.within(
                    grant, most, there.values().stream().map(Entry::holding).toList());
        }
        wake.forEach(this::wake);
        return within;
    }

    /** When to look again for room: of the end of pods whose cluster is gone no event tells. */
    Optional<Instant> next(ClusterObservation seen, Wanted within) {
        var namespace = seen.cluster().getMetadata().getNamespace();
        return within.shortage().isPresent() && !leftOver(namespace).isEmpty()
                ? Optional.of(seen.now().plus(LOOK_AGAIN))
                : Optional.empty();
    }

    /** Whoever waits for what a cluster that is being deleted has given up by now is woken. */
    void leaves(PlanetaryCluster cluster) {
        look(cluster.getMetadata().getNamespace());
    }

    void forget(String uid) {
        Entry gone;
        synchronized (this) {
            gone = entries.remove(uid);
        }
        if (gone != null) {
            look(gone.id.getNamespace().orElseThrow());
        }
    }

    @Override
    public Set<Wanted> getSecondaryResources(PlanetaryCluster cluster) {
        return Set.of();
    }

    private void look(String namespace) {
        var most = limits.in(namespace);
        if (most.none()) {
            return;
        }
        var wake = new HashSet<ResourceID>();
        synchronized (this) {
            var there = there(namespace, most);
            wake.addAll(couldHaveMore(most, there));
            // They look again until its pods are gone.
            if (!leftOver(namespace).isEmpty()) {
                there.values().stream()
                        .filter(e -> e.grant.flatMap(Grant::lacks).isPresent())
                        .forEach(e -> wake.add(e.id));
            }
        }
        wake.forEach(this::wake);
    }

    private void wake(ResourceID cluster) {
        getEventHandler().handleEvent(new Event(cluster));
    }

    private static Set<ResourceID> couldHaveMore(Limits most, Map<String, Entry> there) {
        var grants = grants(most, there);
        return there.entrySet().stream()
                .filter(e -> e.getValue()
                        .grant
                        .filter(noted -> grants.get(e.getKey()).exceeds(noted))
                        .isPresent())
                .map(e -> e.getValue().id)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static Map<String, Grant> grants(Limits most, Map<String, Entry> there) {
        var claims = new HashMap<String, Claim>();
        there.forEach((uid, entry) -> claims.put(uid, entry.holding()));
        return Grant.all(most, claims);
    }

    /** The clusters of a namespace by uid. What was noted of any that is not there is dropped. */
    private Map<String, Entry> there(String namespace, Limits most) {
        var there = new HashMap<String, Entry>();
        clusters.apply(namespace).forEach(cluster -> {
            var uid = cluster.getMetadata().getUid();
            // One that is being deleted has no passes any more: its pods tell.
            there.put(
                    uid,
                    cluster.getMetadata().getDeletionTimestamp() != null || !entries.containsKey(uid)
                            ? unheard(cluster, most)
                            : entries.get(uid));
        });
        there.putAll(leftOver(namespace));
        entries.entrySet()
                .removeIf(e ->
                        e.getValue().id.getNamespace().filter(namespace::equals).isPresent()
                                && !there.containsKey(e.getKey()));
        return there;
    }

    /** Pods outlive their cluster for as long as they drain, and are no less there. */
    private Map<String, Entry> leftOver(String namespace) {
        var known =
                clusters.apply(namespace).map(c -> c.getMetadata().getUid()).collect(Collectors.toUnmodifiableSet());
        var entries = new HashMap<String, Entry>();
        podsIn.apply(namespace)
                .flatMap(pod -> pod.getMetadata().getOwnerReferences().stream()
                        .filter(owner ->
                                owner.getKind().equals(PlanetaryCluster.KIND) && !known.contains(owner.getUid()))
                        .map(owner -> Map.entry(owner, observed(pod))))
                .collect(Collectors.groupingBy(
                        Map.Entry::getKey, Collectors.mapping(Map.Entry::getValue, Collectors.toList())))
                .forEach((owner, pods) -> entries.put(
                        owner.getUid(),
                        new Entry(
                                new ResourceID(owner.getName(), namespace),
                                Claim.leftOver(owner.getName(), pods),
                                Optional.empty())));
        return entries;
    }

    private static ObservedPod observed(Pod pod) {
        return new ObservedPod(pod, pod.getMetadata().getDeletionTimestamp() != null, Optional.empty(), false, false);
    }

    /** As far as its object and its pods tell. */
    private Entry unheard(PlanetaryCluster cluster, Limits most) {
        var accepted = AcceptedSpec.first(cluster.specOrDefault(), defaultImage);
        var pods = podsOf.apply(cluster).stream()
                .filter(pod -> Labels.owns(cluster, pod))
                .map(Shares::observed)
                .toList();
        var seen = new ClusterObservation(
                cluster,
                List.of(),
                pods,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                clock.instant());
        return new Entry(
                ResourceID.fromResource(cluster),
                Claim.of(seen, new ClusterModel(cluster, accepted, "", false), Wanted.of(seen, accepted), most),
                Optional.empty());
    }
}
