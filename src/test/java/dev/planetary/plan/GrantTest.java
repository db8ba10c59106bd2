package dev.planetary.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets how much of a namespace's limits. */
class GrantTest {
    private static final Use EACH = new Use(0, 1, 2000, 0);

    @Test
    void the_oldest_is_served_first_whatever_the_order() {
        var old = claim("old", 1, 3, 0, 0);
        var young = claim("young", 2, 3, 0, 0);

        for (var claims : List.of(List.of(old, young), List.of(young, old))) {
            var grants = serve(Map.of(Measure.WORKERS, 4L), claims);
            assertThat(workers(grants, "old")).isEqualTo(3);
            assertThat(workers(grants, "young")).isEqualTo(1);
            assertThat(grants.get("young").lacks()).contains(Measure.WORKERS);
            assertThat(grants.get("old").lacks()).isEmpty();
        }
    }

    @Test
    void what_is_beyond_all_numbers_is_no_room_for_others() {
        var huge = new Use(0, 1, Long.MAX_VALUE, 0);

        assertThat(huge.plus(huge)).isEqualTo(new Use(0, 2, Long.MAX_VALUE, 0));
        assertThat(huge.times(3)).isEqualTo(new Use(0, 3, Long.MAX_VALUE, 0));
        assertThat(Use.NONE.minus(huge).minus(huge).millicores()).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void an_older_one_takes_nothing_from_a_younger_that_has_it() {
        var grants = serve(Map.of(Measure.WORKERS, 4L), List.of(claim("old", 1, 4, 1, 1), claim("young", 2, 3, 3, 3)));

        assertThat(workers(grants, "old")).isEqualTo(1);
        assertThat(workers(grants, "young")).isEqualTo(3);
    }

    @Test
    void what_leaves_is_free_for_its_own_cluster_and_for_others_when_it_is_gone() {
        // Given one that shrinks from 4 to 1, with 3 still on their way out
        var shrinks = claim("a", 1, 1, 1, 4);

        // Then nobody else has them yet, but it may have them back
        assertThat(workers(serve(Map.of(Measure.WORKERS, 4L), List.of(shrinks, claim("b", 2, 2, 0, 0))), "b"))
                .isZero();
        assertThat(workers(
                        serve(Map.of(Measure.WORKERS, 4L), List.of(claim("a", 1, 4, 1, 4), claim("b", 2, 2, 0, 0))),
                        "a"))
                .isEqualTo(4);
        assertThat(workers(
                        serve(Map.of(Measure.WORKERS, 4L), List.of(claim("a", 1, 1, 1, 1), claim("b", 2, 2, 0, 0))),
                        "b"))
                .isEqualTo(2);
    }

    @Test
    void a_replacement_that_stands_beside_its_predecessor_makes_no_room_for_more() {
        // Given one that wants more than there is, with a worker more than the limit: one is on its way out
        var grants = serve(Map.of(Measure.WORKERS, 4L), List.of(claim("a", 1, 9, 4, 5)));

        assertThat(workers(grants, "a")).isEqualTo(4);
    }

    @Test
    void a_lowered_limit_takes_nothing_and_gives_nothing() {
        var a = claim("a", 1, 5, 3, 3).holding(Use.NONE);
        var b = claim("b", 2, 2, 2, 2);
        var waits = claim("c", 3, 1, 0, 0);

        var grants = serve(Map.of(Measure.WORKERS, 2L), List.of(a, b, waits));

        assertThat(workers(grants, "a")).isEqualTo(3);
        assertThat(workers(grants, "b")).isEqualTo(2);
        assertThat(grants.get("c").waits()).isTrue();
    }

    @Test
    void larger_workers_by_a_change_of_spec_do_not_pass_by_the_limit() {
        // Given 5 workers of 2 cores that are to become workers of 8
        var held = new Use(1, 5, 10_000, 0);
        var group = new Claim.Group("default", 5, 0, new Use(0, 1, 8000, 0));
        var claim = new Claim("a", Instant.ofEpochSecond(1), true, true, Use.NONE, List.of(group), held, held);

        assertThat(workers(serve(Map.of(Measure.CORES, 20_000L), List.of(claim)), "a"))
                .isEqualTo(2);
    }

    @Test
    void whoever_cannot_use_what_is_left_does_not_keep_others_from_it() {
        // Given an older one whose workers are larger than all that is left
        var large = new Claim(
                "large",
                Instant.ofEpochSecond(1),
                true,
                false,
                Use.NONE,
                List.of(new Claim.Group("default", 1, 0, new Use(0, 1, 64_000, 0))),
                Use.NONE,
                Use.NONE);

        var grants = serve(Map.of(Measure.CORES, 8000L), List.of(large, claim("small", 2, 3, 0, 0)));

        assertThat(grants.get("large").waits()).isTrue();
        assertThat(workers(grants, "small")).isEqualTo(3);
    }

    @Test
    void clusters_that_should_have_no_pods_count_only_as_long_as_they_have_some() {
        var stopped = claim("a", 1, 3, 0, 0).withdrawn();
        var stopping = claim("a", 1, 3, 2, 2).withdrawn();

        assertThat(serve(Map.of(Measure.CLUSTERS, 1L), List.of(stopped, claim("b", 2, 1, 0, 0)))
                        .get("b")
                        .waits())
                .isFalse();
        assertThat(serve(Map.of(Measure.CLUSTERS, 1L), List.of(stopping, claim("b", 2, 1, 0, 0)))
                        .get("b")
                        .waits())
                .isTrue();
    }

    @Test
    void a_cluster_that_asks_for_no_worker_gets_its_scheduler() {
        assertThat(serve(Map.of(Measure.WORKERS, 0L), List.of(claim("a", 1, 0, 0, 0)))
                        .get("a")
                        .waits())
                .isFalse();
        assertThat(serve(Map.of(Measure.WORKERS, 0L), List.of(claim("a", 1, 1, 0, 0)))
                        .get("a")
                        .waits())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void served_one_after_the_other_in_any_order_they_keep_within_the_limits_and_nothing_useful_is_left(long seed) {
        // Given: pods follow at once what is granted
        var random = new Random(seed);
        var limits = new Limits(Map.of(Measure.CLUSTERS, 4L, Measure.WORKERS, 9L, Measure.CORES, 15_000L));
        var claims = new HashMap<String, Claim>();
        for (var round = 0; round < 200; round++) {
            // When one asks for another number, stops, or is made
            var name = "c" + random.nextInt(7);
            var before = claims.get(name);
            var has = before == null ? 0 : (int) before.held().workers();
            var runs = before != null && before.held().clusters() > 0;
            var asked = random.nextInt(6);
            var now = make(name, name.charAt(1), asked, Math.min(asked, has), runs, has);
            claims.put(
                    name,
                    random.nextInt(4) == 0
                            ? make(name, name.charAt(1), 0, 0, false, 0).withdrawn()
                            : now);
            served(limits, claims, name);

            // Then
            var used = claims.values().stream().map(Claim::held).reduce(Use.NONE, Use::plus);
            assertThat(limits.all().lacks(used))
                    .as("seed %d round %d: %s", seed, round, used)
                    .isEmpty();
            assertThat(claims.get(name).held().workers())
                    .as("seed %d round %d: it keeps what it has", seed, round)
                    .isGreaterThanOrEqualTo(claims.get(name).wants() ? Math.min(asked, has) : 0);

            // And when all who could have more have been woken
            claims.keySet().stream().sorted().forEach(c -> served(limits, claims, c));
            var left =
                    limits.all().minus(claims.values().stream().map(Claim::held).reduce(Use.NONE, Use::plus));
            if (Grant.all(limits, claims).values().stream()
                    .anyMatch(g -> g.lacks().isPresent() && !g.waits())) {
                assertThat(left.lacks(EACH))
                        .as("seed %d round %d: all is used", seed, round)
                        .isPresent();
            }
        }
    }

    @Test
    void a_pod_takes_its_containers_limits_or_requests_and_the_largest_before_them() {
        var pod = Serialization.unmarshal(
                """
                kind: Pod
                apiVersion: v1
                spec:
                  initContainers:
                  - {name: first, resources: {limits: {cpu: 500m, memory: 8Gi}}}
                  - {name: beside, restartPolicy: Always, resources: {requests: {cpu: 100m}}}
                  containers:
                  - {name: dask, resources: {limits: {cpu: "4", memory: 4Gi}, requests: {cpu: 3600m}}}
                  - {name: more, resources: {requests: {memory: 1Gi}}}
                """,
                Pod.class);

        assertThat(Use.of(pod)).isEqualTo(new Use(0, 0, 4100, 8L << 30));
    }

    private static void served(Limits limits, Map<String, Claim> claims, String name) {
        claims.computeIfPresent(
                name, (_, claim) -> after(claim, Grant.all(limits, claims).get(name)));
    }

    private static Claim after(Claim claim, Grant grant) {
        return new Claim(
                claim.name(),
                claim.created(),
                claim.wants(),
                grant.use().clusters() > 0,
                claim.scheduler(),
                claim.groups(),
                grant.use(),
                grant.use());
    }

    private static Claim claim(String name, int age, int asked, int current, int pods) {
        return make(name, age, asked, current, pods > 0, pods);
    }

    /** @param pods those on their way out included */
    private static Claim make(String name, int age, int asked, int current, boolean runs, int pods) {
        return new Claim(
                name,
                Instant.ofEpochSecond(age),
                true,
                runs,
                Use.NONE,
                List.of(new Claim.Group("default", asked, current, EACH)),
                runs ? Use.CLUSTER.plus(EACH.times(pods)) : Use.NONE,
                runs ? Use.CLUSTER.plus(EACH.times(current)) : Use.NONE);
    }

    private static Map<String, Grant> serve(Map<Measure, Long> limits, List<Claim> claims) {
        var byName = new HashMap<String, Claim>();
        claims.forEach(c -> byName.put(c.name(), c));
        return Grant.all(new Limits(limits), byName);
    }

    private static int workers(Map<String, Grant> grants, String name) {
        return grants.get(name).workers().values().stream()
                .mapToInt(Integer::intValue)
                .sum();
    }
}
