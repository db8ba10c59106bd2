package dev.planetary.dask;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a scheduler tells of the jobs whose clients it has, or had until a minute ago.
 *
 * @param version grows with every change within a boot, apart from the state's own: progress is news to jobs alone
 * @param byRunner name of a job's runner pod to its numbers
 */
public record JobsProgress(long version, Map<String, JobProgress> byRunner) {

    /** A scheduler without jobs, or with a preload that does not count yet. */
    public static final JobsProgress NONE = new JobsProgress(0, Map.of());

    public JobsProgress {
        byRunner = Map.copyOf(byRunner);
    }

    /** {@return the numbers of this runner pod; empty if none of its clients was seen, or all left long ago} */
    public Optional<JobProgress> of(String runnerPod) {
        return Optional.ofNullable(byRunner.get(runnerPod));
    }

    /** {@return the runner pods whose numbers are others than {@code before}} */
    Set<String> changedSince(JobsProgress before) {
        return byRunner.entrySet().stream()
                .filter(now -> !now.getValue().equals(before.byRunner.get(now.getKey())))
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
    }
}
