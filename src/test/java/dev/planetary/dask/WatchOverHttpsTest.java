package dev.planetary.dask;

import static dev.planetary.dask.FakeScheduler.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.planetary.dask.SchedulerUnavailable.Reason;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The watch and the real client against a real HTTPS server. */
@Timeout(60)
class WatchOverHttpsTest {

    private static final Pace QUICK = new Pace(Duration.ofSeconds(60), Duration.ofMillis(10), Duration.ofMillis(50));

    private final Cluster cluster = Cluster.of("c");
    private final HttpSchedulerClient client = new HttpSchedulerClient();
    private final SchedulerWatch watch = new SchedulerWatch(client, QUICK, Clock.systemUTC());
    private final AtomicInteger changes = new AtomicInteger();
    private FakeScheduler scheduler;

    @BeforeEach
    void start() throws Exception {
        scheduler = new FakeScheduler(cluster);
    }

    @AfterEach
    void stop() {
        watch.close();
        client.close();
        scheduler.close();
    }

    @Test
    void changesArriveByLongPoll() {
        follow(scheduler.endpoint());
        scheduler.answers(state("b", 1));
        await().until(() -> version() == 1);

        scheduler.answers(state("b", 2));

        await().until(() -> version() == 2);
        assertThat(changes).hasValueGreaterThanOrEqualTo(1);
    }

    @Test
    void restartedSchedulerIsFoundAgainUnderItsNewBoot() throws Exception {
        follow(scheduler.stands(state("before", 9)).endpoint());
        await().until(() -> version() == 9);

        scheduler.close();
        await().until(() -> reason().equals(Optional.of(Reason.UNREACHABLE)));
        assertThat(watch.latest("c")).as("unknown, not zero workers").isEmpty();

        var port = scheduler.port();
        scheduler = new FakeScheduler(cluster, InetAddress.ofLiteral("127.0.0.1"), port).stands(state("after", 1));
        await().until(() -> version() == 1);
        assertThat(watch.latest("c").orElseThrow().boot()).isEqualTo("after");
    }

    @Test
    void wrongTokenIsUnauthorizedUntilTheEndpointIsReplaced() {
        var right = scheduler.stands(state("b", 1)).endpoint();
        follow(new SchedulerEndpoint("c", right.podUid(), right.host(), right.port(), right.caPem(), "old"));
        await().until(() -> reason().equals(Optional.of(Reason.UNAUTHORIZED)));

        follow(right);

        await().until(() -> version() == 1);
    }

    @Test
    void wrongAuthorityIsUntrustedUntilTheEndpointIsReplaced() {
        var stranger = Cluster.of("c");
        follow(stranger.endpoint(scheduler.stands(state("b", 1)).port()));
        await().until(() -> reason().equals(Optional.of(Reason.UNTRUSTED)));
        assertThat(scheduler.asked).isEmpty();

        follow(scheduler.endpoint());

        await().until(() -> version() == 1);
    }

    private void follow(SchedulerEndpoint endpoint) {
        watch.follow(endpoint, changes::incrementAndGet);
    }

    private long version() {
        return watch.latest("c").map(SchedulerState::version).orElse(-1L);
    }

    private Optional<Reason> reason() {
        return watch.contact("c").flatMap(contact -> switch (contact) {
            case Contact.Answered _ -> Optional.empty();
            case Contact.Unknown unknown -> unknown.reason();
        });
    }
}
