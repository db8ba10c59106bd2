package dev.planetary.dask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.planetary.dask.SchedulerUnavailable.Reason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SchedulerWatchTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Pace QUICK = new Pace(Duration.ofSeconds(60), Duration.ofMillis(1), Duration.ofMillis(2));
    private static final SchedulerEndpoint ENDPOINT =
            new SchedulerEndpoint("c", "pod-0", "10.0.0.7", 8787, "ca", "token");

    private final FakeSchedulerClient client = new FakeSchedulerClient();
    private final SchedulerWatch watch = new SchedulerWatch(client, QUICK, Clock.fixed(NOW, ZoneOffset.UTC));
    private final AtomicInteger changes = new AtomicInteger();
    private final List<Set<String>> progressed = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        watch.close();
    }

    @Test
    void clusterThatIsNotFollowedIsUnknown() {
        assertThat(watch.latest("c")).isEmpty();
        assertThat(watch.contact("c")).isEmpty();
    }

    @Test
    void clusterIsUnknownUntilItsSchedulerAnswers() {
        follow(ENDPOINT);

        assertThat(watch.latest("c")).isEmpty();
        assertThat(watch.unknownSince("c")).contains(NOW);
    }

    @Test
    void tellsOfTheFirstAnswerAndOfChangesButNotOfHeartbeats() {
        client.answers(state("b", 1))
                .answers(state("b", 1))
                .answers(state("b", 2))
                .answers(state("b", 2));

        follow(ENDPOINT);

        askedTimes(5);
        assertThat(changes).hasValue(2);
        assertThat(watch.latest("c")).contains(state("b", 2));
        assertThat(watch.unknownSince("c")).isEmpty();
    }

    @Test
    void tellsWhoseJobsGotOnAndNothingElse() {
        client.answers(working("b", 1, Map.of("one", 0L, "two", 0L)))
                .answers(working("b", 2, Map.of("one", 1L, "two", 0L)))
                .answers(working("b", 2, Map.of("one", 1L, "two", 0L)))
                .answers(working("b", 3, Map.of("one", 1L)))
                .answers(working("b", 4, Map.of("one", 2L, "three", 0L)));

        follow(ENDPOINT);

        askedTimes(6);
        assertThat(progressed).containsExactly(Set.of("one", "two"), Set.of("one"), Set.of("one", "three"));
        assertThat(changes).as("one version of the state").hasValue(1);
        assertThat(watch.latest("c").orElseThrow().jobs().of("one")).contains(new JobProgress(2, 10));
    }

    @Test
    void tellsOfAllJobsAfterSilenceAndByAnotherProcess() {
        client.answers(working("before", 1, Map.of("one", 5L)))
                .fails(Reason.UNREACHABLE)
                .answers(working("before", 1, Map.of("one", 5L)))
                .answers(working("after", 1, Map.of("one", 5L)));

        follow(ENDPOINT);

        askedTimes(5);
        assertThat(progressed).containsExactly(Set.of("one"), Set.of("one"), Set.of("one"));
    }

    @Test
    void asksForWhatDiffersFromTheLatestAnswer() {
        client.answers(state("b", 1));

        follow(ENDPOINT);

        askedTimes(2);
        assertThat(client.asked.get(0).last()).isEmpty();
        assertThat(client.asked.get(1).last()).contains(state("b", 1));
        assertThat(client.asked.get(1).hold()).isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    void restartOfTheSchedulerIsAChange() {
        client.answers(state("before", 7)).answers(state("after", 7));

        follow(ENDPOINT);

        askedTimes(3);
        assertThat(changes).hasValue(2);
        assertThat(watch.latest("c")).contains(state("after", 7));
    }

    @Test
    void noAnswerIsUnknownAndToldOnce() {
        client.answers(state("b", 1))
                .fails(Reason.UNREACHABLE)
                .fails(Reason.UNREACHABLE)
                .fails(Reason.UNREACHABLE);

        follow(ENDPOINT);

        askedTimes(5);
        assertThat(changes).hasValue(2);
        assertThat(watch.latest("c")).isEmpty();
        assertThat(watch.contact("c"))
                .contains(new Contact.Unknown(NOW, Optional.of(Reason.UNREACHABLE), "made to fail"));
    }

    @Test
    void anotherReasonOfFailureIsToldToo() {
        client.fails(Reason.UNREACHABLE).fails(Reason.UNAUTHORIZED).fails(Reason.UNAUTHORIZED);

        follow(ENDPOINT);

        askedTimes(4);
        assertThat(changes).hasValue(2);
    }

    @Test
    void afterAFailureAsksForTheWholeStateSoThatTheAnswerComesAtOnce() {
        client.answers(state("b", 1)).fails(Reason.UNREACHABLE).answers(state("b", 1));

        follow(ENDPOINT);

        askedTimes(4);
        assertThat(client.asked.get(2).last()).isEmpty();
        assertThat(watch.latest("c")).contains(state("b", 1));
        assertThat(changes).hasValue(3);
    }

    @Test
    void unexpectedErrorsDoNotEndIt() {
        client.answers(() -> {
                    throw new IllegalStateException("made to fail");
                })
                .answers(() -> {
                    throw new StackOverflowError();
                })
                .answers(state("b", 1));

        follow(ENDPOINT);

        askedTimes(4);
        assertThat(watch.latest("c")).contains(state("b", 1));
    }

    @Test
    void failingListenersDoNotEndIt() {
        client.answers(state("b", 1)).answers(state("b", 2));

        watch.follow(ENDPOINT, () -> {
            changes.incrementAndGet();
            throw new IllegalStateException("made to fail");
        });

        askedTimes(3);
        assertThat(changes).hasValue(2);
    }

    @Test
    void sameEndpointIsFollowedOnce() {
        client.answers(state("b", 1));
        follow(ENDPOINT);
        askedTimes(2);

        follow(new SchedulerEndpoint("c", "pod-0", "10.0.0.7", 8787, "ca", "token"));

        assertThat(watch.latest("c")).contains(state("b", 1));
        assertThat(client.asked).extracting(FakeSchedulerClient.Asked::thread).containsOnly(thread(0));
    }

    @Test
    void anotherEndpointOfTheClusterReplacesTheFirstAndItsAnswers() {
        for (var next : List.of(
                new SchedulerEndpoint("c", "pod-1", "10.0.0.7", 8787, "ca", "token"),
                new SchedulerEndpoint("c", "pod-1", "10.0.0.8", 8787, "ca", "token"),
                new SchedulerEndpoint("c", "pod-1", "10.0.0.8", 8787, "ca2", "token"),
                new SchedulerEndpoint("c", "pod-1", "10.0.0.8", 8787, "ca2", "token2"))) {
            client.asked.clear();
            client.answers(state("b", 1));
            follow(ENDPOINT);
            askedTimes(2);

            follow(next);

            assertThat(watch.latest("c")).isEmpty();
            ended(thread(0));
            askedTimes(3);
            assertThat(client.asked.getLast().endpoint()).isEqualTo(next);
            watch.forget("c");
            ended(thread(2));
        }
    }

    @Test
    void clustersAreFollowedApart() {
        // Enough for both, whoever asks how often.
        IntStream.range(0, 50).forEach(_ -> client.answers(state("b", 1)));
        var other = new SchedulerEndpoint("d", "pod-9", "10.0.0.9", 8787, "ca", "token");

        follow(ENDPOINT);
        follow(other);
        await().until(() -> watch.latest("c").isPresent() && watch.latest("d").isPresent());
        watch.forget("c");

        assertThat(watch.latest("c")).isEmpty();
        assertThat(watch.latest("d")).isPresent();
    }

    @Test
    void forgettingEndsTheThreadAmidARequestWithoutTelling() {
        follow(ENDPOINT);
        askedTimes(1);

        watch.forget("c");

        ended(thread(0));
        assertThat(watch.contact("c")).isEmpty();
        assertThat(changes).hasValue(0);
    }

    @Test
    void forgettingEndsTheThreadAmidAPause() {
        var patient = new Pace(Duration.ofSeconds(60), Duration.ofHours(1), Duration.ofHours(1));
        try (var slow = new SchedulerWatch(client.fails(Reason.UNREACHABLE), patient, Clock.systemUTC())) {
            slow.follow(ENDPOINT, changes::incrementAndGet);
            await().until(() -> changes.get() == 1);

            slow.forget("c");

            ended(thread(0));
        }
    }

    @Test
    void schedulerThatAnswersAtOnceForEverIsAskedNoMoreThanItsPace() {
        var patient = new Pace(Duration.ofSeconds(60), Duration.ofHours(1), Duration.ofHours(1));
        client.answers(state("b", 1)).answers(state("b", 2));
        try (var slow = new SchedulerWatch(client, patient, Clock.systemUTC())) {
            slow.follow(ENDPOINT, changes::incrementAndGet);
            await().until(() -> slow.latest("c").isPresent());

            await().until(() -> thread(0).getState() == Thread.State.TIMED_WAITING);
            assertThat(client.asked).hasSize(1);
        }
    }

    @Test
    void closingLeavesNoThreadAndFollowsNothingMore() {
        follow(ENDPOINT);
        follow(new SchedulerEndpoint("d", "pod-9", "10.0.0.9", 8787, "ca", "token"));
        askedTimes(2);

        watch.close();
        follow(ENDPOINT);

        assertThat(client.asked).extracting(asked -> asked.thread().isAlive()).containsOnly(false);
        assertThat(watch.contact("c")).isEmpty();
    }

    /** Repeated, because its listener may be quicker than follow itself: closing must not lose sight of the poll. */
    @RepeatedTest(3000)
    void listenerMayForgetAndCloseItself() {
        client.answers(state("b", 1));

        watch.follow(ENDPOINT, watch::close);

        askedTimes(1);
        ended(thread(0));
    }

    private void follow(SchedulerEndpoint endpoint) {
        watch.follow(endpoint, new SchedulerListener() {
            @Override
            public void changed() {
                changes.incrementAndGet();
            }

            @Override
            public void progressed(Set<String> runners) {
                progressed.add(runners);
            }
        });
    }

    private void askedTimes(int times) {
        await().pollInterval(Duration.ofMillis(5)).until(() -> client.asked.size() >= times);
    }

    private Thread thread(int request) {
        return client.asked.get(request).thread();
    }

    private static void ended(Thread thread) {
        await().pollInterval(Duration.ofMillis(5)).until(() -> !thread.isAlive());
    }

    private static SchedulerState state(String boot, long version) {
        return state(boot, version, JobsProgress.NONE);
    }

    /** The same version of the state, with so many of ten tasks done by runner. */
    private static SchedulerState working(String boot, long version, Map<String, Long> done) {
        return state(
                boot,
                1,
                new JobsProgress(
                        version,
                        done.entrySet().stream()
                                .collect(Collectors.toMap(Map.Entry::getKey, d -> new JobProgress(d.getValue(), 10)))));
    }

    private static SchedulerState state(String boot, long version, JobsProgress jobs) {
        return new SchedulerState(
                boot, version, false, Optional.empty(), "", Map.of(), List.of(), Set.of(), List.of(), jobs);
    }
}
