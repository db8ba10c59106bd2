package dev.planetary.observe;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryClusterStatus.Stop;
import dev.planetary.dask.SchedulerState;
import dev.planetary.desired.AcceptedSpec;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All that a decision about a cluster may rest on, at one moment.
 *
 * @param cluster    the user's object
 * @param accepted   accepted specs, newest first
 * @param pods       the pods this cluster owns, terminating and finished ones included
 * @param services   the Services this cluster owns
 * @param policies   the NetworkPolicies this cluster owns
 * @param budgets    the PodDisruptionBudgets this cluster owns
 * @param configMaps the ConfigMaps this cluster owns
 * @param state      what the scheduler last said; empty: it did not answer, which says nothing about its workers
 * @param silentSince since when it has not answered, if it is being asked
 * @param calm       by group: the most workers that the scheduler had use for in the last calm period, if it was watched that long
 * @param jobs       the jobs on this cluster
 * @param whereabouts where data and nodes are, where {@code spec.data} asks for it
 * @param now        the moment
 */
public record ClusterObservation(
        PlanetaryCluster cluster,
        List<AcceptedSpec> accepted,
        List<ObservedPod> pods,
        List<Service> services,
        List<NetworkPolicy> policies,
        List<PodDisruptionBudget> budgets,
        List<ConfigMap> configMaps,
        Optional<SchedulerState> state,
        Optional<Instant> silentSince,
        Map<String, Integer> calm,
        List<ClusterJob> jobs,
        Optional<Whereabouts> whereabouts,
        Instant now) {

    /** How long a scheduler may take for an answer before it counts as silent. */
    public static final Duration ANSWERS_WITHIN = Duration.ofSeconds(10);

    /** Without jobs and data. */
    public ClusterObservation(
            PlanetaryCluster cluster,
            List<AcceptedSpec> accepted,
            List<ObservedPod> pods,
            List<Service> services,
            List<NetworkPolicy> policies,
            List<PodDisruptionBudget> budgets,
            List<ConfigMap> configMaps,
            Optional<SchedulerState> state,
            Optional<Instant> silentSince,
            Map<String, Integer> calm,
            Instant now) {
        this(
                cluster,
                accepted,
                pods,
                services,
                policies,
                budgets,
                configMaps,
                state,
                silentSince,
                calm,
                List.of(),
                Optional.empty(),
                now);
    }

    /** A job that is neither finished nor suspended is on it. */
    public boolean hasWork() {
        return jobs.stream().anyMatch(ClusterJob::active);
    }

    /** The same, with what the scheduler says when it is asked anew; empty: it did not answer. */
    public ClusterObservation withState(Optional<SchedulerState> fresh) {
        return with(cluster, fresh, whereabouts);
    }

    /** The same, with where data and nodes are. */
    public ClusterObservation at(Optional<Whereabouts> places) {
        return with(cluster, state, places);
    }

    /** The same, with its stop in the status. */
    public ClusterObservation stopped(Stop stop) {
        var status = cluster.getStatus()
                .withTimes(cluster.getStatus().started(), Optional.empty(), Optional.empty(), Optional.of(stop));
        var copy = new PlanetaryCluster();
        copy.setMetadata(cluster.getMetadata());
        copy.setSpec(cluster.getSpec());
        copy.setStatus(status);
        return with(copy, state, whereabouts);
    }

    private ClusterObservation with(
            PlanetaryCluster otherCluster, Optional<SchedulerState> otherState, Optional<Whereabouts> otherPlaces) {
        return new ClusterObservation(
                otherCluster,
                accepted,
                pods,
                services,
                policies,
                budgets,
                configMaps,
                otherState,
                silentSince,
                calm,
                jobs,
                otherPlaces,
                now);
    }

    public String name() {
        return cluster.getMetadata().getName();
    }

    public List<ObservedPod> schedulers() {
        return pods.stream().filter(ObservedPod::isScheduler).toList();
    }

    /** The workers of all groups. */
    public List<ObservedPod> workers() {
        return pods.stream().filter(p -> !p.isScheduler()).toList();
    }

    public List<ObservedPod> workers(String group) {
        return workers().stream().filter(p -> p.group().equals(group)).toList();
    }

    /** The scheduler in office: live, the latest made if there are several. */
    public Optional<ObservedPod> scheduler() {
        return schedulers().stream()
                .filter(ObservedPod::live)
                .max(java.util.Comparator.comparing(
                                (ObservedPod p) -> p.pod().getMetadata().getCreationTimestamp())
                        .thenComparing(ObservedPod::name));
    }

    /** It is there and ready, and may answer in a moment: after a restart of the operator nothing is known, which means nothing. */
    public boolean unheard() {
        return state.isEmpty()
                && scheduler().filter(ObservedPod::ready).isPresent()
                && silentSince
                        .map(since -> since.plus(ANSWERS_WITHIN))
                        .filter(due -> !now.isBefore(due))
                        .isEmpty();
    }

    /** Every name that a new pod cannot have. */
    public Set<String> podNames() {
        return pods.stream().map(ObservedPod::name).collect(Collectors.toUnmodifiableSet());
    }

    public Optional<AcceptedSpec> latest() {
        return accepted.stream().findFirst();
    }

    /** ConfigMaps so named that nothing mounts: none while jobs are on it, for their runners mount some, and are not seen here. */
    public List<ConfigMap> unmounted(String prefix) {
        var inUse = mountedConfigMaps();
        return hasWork()
                ? List.of()
                : configMaps.stream()
                        .filter(c -> c.getMetadata().getName().startsWith(prefix)
                                && !inUse.contains(c.getMetadata().getName()))
                        .toList();
    }

    /** The names of the ConfigMaps that its own pods mount. */
    private Set<String> mountedConfigMaps() {
        return pods.stream()
                .map(p -> p.pod().getSpec())
                .filter(java.util.Objects::nonNull)
                .flatMap(s -> s.getVolumes() == null ? Stream.empty() : s.getVolumes().stream())
                .filter(v -> v.getConfigMap() != null)
                .map(v -> v.getConfigMap().getName())
                .collect(Collectors.toUnmodifiableSet());
    }
}
