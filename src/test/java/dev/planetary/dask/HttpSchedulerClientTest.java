package dev.planetary.dask;

import static dev.planetary.dask.FakeScheduler.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.planetary.dask.SchedulerUnavailable.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class HttpSchedulerClientTest {

    private static final Duration MINUTE = Duration.ofSeconds(60);
    private static final Duration NOW = Duration.ZERO;

    private final Cluster cluster = Cluster.of("cluster-a");
    private final HttpSchedulerClient client = new HttpSchedulerClient();
    private FakeScheduler scheduler;

    @BeforeEach
    void start() throws Exception {
        scheduler = new FakeScheduler(cluster);
    }

    @AfterEach
    void stop() {
        scheduler.close();
        client.close();
    }

    @Test
    void asksWithTokenAndReadsTheState() throws Exception {
        scheduler.answers(state("b", 17));

        var state = client.state(scheduler.endpoint(), Optional.empty(), MINUTE);

        assertThat(state.version()).isEqualTo(17);
        assertThat(scheduler.asked).singleElement().satisfies(asked -> {
            assertThat(asked.method()).isEqualTo("GET");
            assertThat(asked.path()).isEqualTo("/planetary/v1/state");
            assertThat(asked.query()).isEqualTo("wait=60");
            assertThat(asked.authorization()).isEqualTo("Bearer " + cluster.token());
        });
    }

    @Test
    void saysWhatItKnowsAlready() throws Exception {
        scheduler
                .answers("""
                {"boot": "b&x=1", "version": 17, "workers": [], "jobsVersion": 3}""")
                .answers(state("b&x=1", 18));

        var last = client.state(scheduler.endpoint(), Optional.empty(), MINUTE);
        client.state(scheduler.endpoint(), Optional.of(last), MINUTE);

        assertThat(scheduler.asked.getLast().query()).isEqualTo("wait=60&boot=b%26x%3D1&after=17&jobs=3");
    }

    @Test
    void speaksPlainHttpWithAClusterWhoseTlsIsOff() throws Exception {
        try (var plain = FakeScheduler.plain(cluster)) {
            var endpoint = new SchedulerEndpoint(
                    "cluster-a", "pod", "127.0.0.1", plain.port(), Optional.empty(), cluster.token());
            plain.answers(state("b", 3)).answers(500);

            assertThat(client.state(endpoint, Optional.empty(), NOW).version()).isEqualTo(3);
            assertThat(failure(() -> client.ending(endpoint)).reason()).isEqualTo(Reason.UNEXPECTED);
            var stranger =
                    new SchedulerEndpoint("other", "pod", "127.0.0.1", plain.port(), Optional.empty(), "x".repeat(64));
            assertThat(failure(() -> client.ending(stranger)).reason()).isEqualTo(Reason.UNAUTHORIZED);
            var secured = cluster.endpoint(plain.port());
            assertThat(failure(() -> client.ending(secured)).reason()).isEqualTo(Reason.UNREACHABLE);
            assertThat(plain.asked).hasSize(3);
        }
    }

    @Test
    void waitsForALateAnswer() throws Exception {
        var state = CompletableFuture.supplyAsync(() -> stateUnchecked(scheduler.endpoint()));
        await().until(() -> scheduler.asked.size() == 1);

        scheduler.answers(state("b", 1));

        assertThat(state.get().version()).isEqualTo(1);
    }

    @Test
    void postsWhatTheContractSays() throws Exception {
        scheduler.answers(202).answers(202).answers(202);

        client.retire(scheduler.endpoint(), List.of("u"), Duration.ofMinutes(5));
        client.cancelRetire(scheduler.endpoint(), List.of("u", "v"));
        client.ending(scheduler.endpoint());

        assertThat(scheduler.asked).extracting(FakeScheduler.Asked::method).containsOnly("POST");
        assertThat(scheduler.asked)
                .extracting(FakeScheduler.Asked::path)
                .containsExactly("/planetary/v1/retire", "/planetary/v1/cancel-retire", "/planetary/v1/ending");
        assertThat(scheduler.asked.get(0).body()).contains("\"uids\":[\"u\"]", "\"timeout\":300");
        assertThat(scheduler.asked.get(1).body()).isEqualTo("{\"uids\":[\"u\",\"v\"]}");
        assertThat(scheduler.asked.get(2).body()).isEqualTo("{}");
    }

    @Test
    void connectionsAreUsedAgain() throws Exception {
        scheduler.answers(state("b", 1)).answers(state("b", 2));

        client.state(scheduler.endpoint(), Optional.empty(), NOW);
        client.state(scheduler.endpoint(), Optional.empty(), NOW);

        assertThat(scheduler.asked)
                .extracting(FakeScheduler.Asked::fromPort)
                .hasSize(2)
                .containsOnly(scheduler.asked.getFirst().fromPort());
    }

    @Test
    void anotherTokenIsUnauthorizedAndNeverNamed() {
        var wrong = new SchedulerEndpoint(
                cluster.uid(),
                "pod",
                "127.0.0.1",
                scheduler.port(),
                cluster.authority().certificatePem(),
                "wrong-token");

        var failure = failure(() -> client.state(wrong, Optional.empty(), MINUTE));

        assertThat(failure.reason()).isEqualTo(Reason.UNAUTHORIZED);
        assertThat(failure)
                .hasMessage("GET /planetary/v1/state at 127.0.0.1 port " + scheduler.port() + " was answered with 401");
        assertThat(wrong.toString()).contains("127.0.0.1").doesNotContain("wrong-token");
    }

    @Test
    void tokenThatIsNoHeaderIsRefusedWithoutNamingIt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SchedulerEndpoint("c", "p", "h", 1, "", "secret\n"))
                .withMessage("the token of cluster c is empty or not printable");
    }

    @Test
    void serverOfAnotherAuthorityIsRefusedBeforeItSeesTheToken() {
        var expected = Cluster.of(cluster.uid());

        var failure = failure(() -> client.state(expected.endpoint(scheduler.port()), Optional.empty(), MINUTE));

        assertThat(failure.reason()).isEqualTo(Reason.UNTRUSTED);
        assertThat(scheduler.asked).isEmpty();
    }

    @Test
    void eachClusterIsCheckedAgainstItsOwnAuthority() throws Exception {
        var other = Cluster.of("cluster-b");
        try (var otherScheduler = new FakeScheduler(other)) {
            scheduler.answers(state("a", 1));
            otherScheduler.answers(state("b", 1));

            assertThat(client.state(scheduler.endpoint(), Optional.empty(), MINUTE)
                            .boot())
                    .isEqualTo("a");
            assertThat(client.state(otherScheduler.endpoint(), Optional.empty(), MINUTE)
                            .boot())
                    .isEqualTo("b");
        }
    }

    @Test
    void addressInUseIsRefusedToAnotherClusterAndGivenBack() throws Exception {
        var other = Cluster.of("cluster-b");
        var running = CompletableFuture.supplyAsync(() -> stateUnchecked(scheduler.endpoint()));
        await().until(() -> scheduler.asked.size() == 1);

        var failure = failure(() -> client.ending(other.endpoint(scheduler.port())));
        scheduler.answers(state("a", 1));
        running.get();
        scheduler.close();
        try (var successor = new FakeScheduler(other, InetAddress.ofLiteral("127.0.0.1"), scheduler.port())) {
            successor.answers(202);
            // The pooled connection may be found broken first.
            await().ignoreExceptions().untilAsserted(() -> client.ending(successor.endpoint()));
        }

        assertThat(failure).hasMessageContaining("is in use by the scheduler of cluster cluster-a");
    }

    @Test
    void answerOverAnotherClustersPooledConnectionIsRefused() throws Exception {
        scheduler.answers(state("a", 1)).answers(state("a", 2));
        client.state(scheduler.endpoint(), Optional.empty(), NOW);
        var other = new SchedulerEndpoint(
                "cluster-b",
                "pod",
                "127.0.0.1",
                scheduler.port(),
                cluster.authority().certificatePem(),
                cluster.token());

        var failure = failure(() -> client.state(other, Optional.empty(), NOW));

        assertThat(scheduler.asked)
                .extracting(FakeScheduler.Asked::fromPort)
                .as("pooled")
                .containsOnly(scheduler.asked.getFirst().fromPort());
        assertThat(failure.reason()).isEqualTo(Reason.UNTRUSTED);
        assertThat(failure).hasMessageContaining("was answered by another cluster");
    }

    @Test
    void concurrentConnectionsWithResumedSessionsAreTrusted() throws Exception {
        scheduler.answers(state("a", 1));
        client.state(scheduler.endpoint(), Optional.empty(), NOW);

        var both = Stream.generate(() -> CompletableFuture.supplyAsync(() -> stateUnchecked(scheduler.endpoint())))
                .limit(2)
                .toList();
        await().until(() -> scheduler.asked.size() == 3);
        scheduler.answers(state("a", 2)).answers(state("a", 2));

        assertThat(both).allSatisfy(state -> assertThat(state.get().version()).isEqualTo(2));
        assertThat(scheduler.asked.stream().map(FakeScheduler.Asked::fromPort).distinct())
                .as("one pooled connection, one resumed")
                .hasSize(2);
    }

    @Test
    void newAuthorityOfTheSameClusterIsTrustedFromTheNextRequestOn() throws Exception {
        scheduler.answers(state("a", 1));
        var next = Cluster.of(cluster.uid());
        var port = scheduler.port();
        client.state(scheduler.endpoint(), Optional.empty(), NOW);
        scheduler.close();

        try (var renewed = new FakeScheduler(next, InetAddress.ofLiteral("127.0.0.1"), port).answers(state("a", 2))) {
            // The pooled connection may be found broken first.
            await().ignoreExceptions()
                    .untilAsserted(() -> assertThat(client.state(renewed.endpoint(), Optional.empty(), NOW)
                                    .version())
                            .isEqualTo(2));
        }
    }

    @Test
    void speaksToIpv6Addresses() throws Exception {
        try (var six = new FakeScheduler(cluster, InetAddress.ofLiteral("::1"), 0).answers(state("six", 1))) {
            var endpoint = new SchedulerEndpoint(
                    "c", "p", "::1", six.port(), cluster.authority().certificatePem(), cluster.token());

            assertThat(client.state(endpoint, Optional.empty(), NOW).boot()).isEqualTo("six");
        }
    }

    @Test
    void silentSchedulerIsUnreachableInTime() throws Exception {
        try (var impatient = impatient()) {
            var failure = failure(() -> impatient.state(scheduler.endpoint(), Optional.empty(), NOW));

            assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
            assertThat(failure).hasMessageContaining("was not answered within 0.2 s");
        }
    }

    @Test
    void silentHandshakeIsUnreachableInTime() throws Exception {
        try (var mute = new ServerSocket(0);
                var impatient = impatient()) {
            var failure = failure(() -> impatient.ending(cluster.endpoint(mute.getLocalPort())));

            assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
        }
    }

    @Test
    void absentSchedulerIsUnreachable() {
        var port = scheduler.port();
        scheduler.close();

        var failure = failure(() -> client.state(cluster.endpoint(port), Optional.empty(), MINUTE));

        assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(failure).hasMessageContaining("ConnectException");
    }

    @Test
    void answersBeyondTheContractAreUnexpected() {
        scheduler.answers(404).answers("{}").answers(500);

        var missing = failure(() -> client.state(scheduler.endpoint(), Optional.empty(), NOW));
        var empty = failure(() -> client.state(scheduler.endpoint(), Optional.empty(), NOW));
        var broken = failure(() -> client.ending(scheduler.endpoint()));

        assertThat(List.of(missing, empty, broken))
                .extracting(SchedulerUnavailable::reason)
                .containsOnly(Reason.UNEXPECTED);
        assertThat(missing).hasMessageContaining("404");
        assertThat(empty).hasMessageContaining("no boot or no workers");
        assertThat(broken).hasMessageContaining("POST /planetary/v1/ending").hasMessageContaining("500");
    }

    @Test
    void endlessBodyIsGivenUp() {
        scheduler.answers("x".repeat((8 << 20) + 1));

        assertThatExceptionOfType(SchedulerUnavailable.class)
                .isThrownBy(() -> client.state(scheduler.endpoint(), Optional.empty(), NOW));
    }

    @Test
    void interruptionEndsALongPoll() throws Exception {
        var interrupted = new CountDownLatch(1);
        var thread = Thread.ofVirtual().start(() -> {
            try {
                client.state(scheduler.endpoint(), Optional.empty(), MINUTE);
            } catch (InterruptedException e) {
                interrupted.countDown();
            } catch (IOException e) {
                // the latch tells
            }
        });
        await().until(() -> scheduler.asked.size() == 1);

        thread.interrupt();

        assertThat(interrupted.await(5, TimeUnit.SECONDS)).isTrue();
    }

    private static HttpSchedulerClient impatient() {
        return new HttpSchedulerClient(
                new HttpSchedulerClient.Limits(Duration.ofSeconds(3), Duration.ofMillis(200), Duration.ofMillis(200)));
    }

    private SchedulerState stateUnchecked(SchedulerEndpoint endpoint) {
        try {
            return client.state(endpoint, Optional.empty(), MINUTE);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static SchedulerUnavailable failure(ThrowingCallable call) {
        return catchThrowableOfType(SchedulerUnavailable.class, call);
    }
}
