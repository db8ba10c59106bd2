package dev.planetary.dask;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a scheduler answered. Never made up: where there is no answer there is no state.
 *
 * @param boot uuid of the scheduler's process; another one knows nothing of the last one's workers
 * @param version grows with every change within a boot
 * @param ending whether the cluster was told to stop
 * @param idleSince when the last task ended or a client last said something; empty while a task runs or is queued. It moves without a
 *     new version: ask afresh before stopping anything
 * @param groups id of the groups it was told of ({@link SchedulerClient#groups}); empty: none
 * @param targets how many workers each of these groups has use for
 * @param workers all that are registered
 * @param retired uids of pods whose workers left by retirement in this boot
 * @param warnings for people
 * @param jobs how far the jobs on it are. It changes without a new version of the state
 */
public record SchedulerState(
        String boot,
        long version,
        boolean ending,
        Optional<Instant> idleSince,
        String groups,
        Map<String, Integer> targets,
        List<WorkerState> workers,
        Set<String> retired,
        List<Warning> warnings,
        JobsProgress jobs) {

    public SchedulerState {
        targets = Map.copyOf(targets);
        workers = List.copyOf(workers);
        retired = Set.copyOf(retired);
        warnings = List.copyOf(warnings);
    }

    /** {@return the workers by the uids of their pods; not there: not registered yet, or no more} */
    public Map<String, WorkerState> byPod() {
        return workers.stream().collect(Collectors.toMap(WorkerState::uid, Function.identity(), (first, _) -> first));
    }

    /** {@return whether {@code other} tells the same, but for jobs: same process, same version} */
    public boolean sameAs(SchedulerState other) {
        return version == other.version && boot.equals(other.boot);
    }
}
