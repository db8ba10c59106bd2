package dev.planetary.validate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryNodePool;
import dev.planetary.api.WorkersSpec;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may use which node pool. */
class PoolUseTest {
    private static final Map<String, String> TEAM_A =
            Map.of("kubernetes.io/metadata.name", "team-a", "team", "geo", "stage", "dev");

    @Test
    void without_a_selector_nobody_may() {
        assertThat(reason(check("", ""))).contains("NodePoolNotAllowed");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{matchLabels: {team: geo}}",
                "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [team-a, team-b]}]}",
                "{matchExpressions: [{key: stage, operator: NotIn, values: [prod]}]}",
                "{matchExpressions: [{key: other, operator: NotIn, values: [prod]}]}",
                "{matchExpressions: [{key: team, operator: Exists}, {key: other, operator: DoesNotExist}]}"
            })
    void a_namespace_that_matches_may(String selector) {
        assertThat(check("allowedNamespaces: " + selector, "")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{matchLabels: {team: geo, stage: prod}}",
                "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [team-b]}]}",
                "{matchExpressions: [{key: other, operator: In, values: [geo]}]}",
                "{matchExpressions: [{key: stage, operator: NotIn, values: [dev]}]}",
                "{matchExpressions: [{key: other, operator: Exists}]}",
                "{matchExpressions: [{key: team, operator: DoesNotExist}]}",
                "{matchLabels: {team: geo}, matchExpressions: [{key: other, operator: Exists}]}"
            })
    void another_may_not(String selector) {
        assertThat(reason(check("allowedNamespaces: " + selector, ""))).contains("NodePoolNotAllowed");
    }

    @Test
    void a_pool_that_is_not_there_is_waited_for() {
        var finding = PoolUse.check(group(""), Optional.empty(), "team-a", TEAM_A);

        assertThat(finding)
                .contains(new Finding(
                        false, "NodePoolNotFound", "there is no PlanetaryNodePool p: workers are made when there is"));
    }

    @Test
    void spot_machines_are_for_who_asks_for_them() {
        var spot = "priority: Spot, allowedNamespaces: {}";
        assertThat(reason(check(spot, ""))).contains("NodePoolIsSpot");
        assertThat(check(spot, "spot: Require")).isEmpty();
        assertThat(check(spot, "spot: Prefer")).isEmpty();
        assertThat(reason(check("allowedNamespaces: {}", "spot: Prefer"))).contains("NodePoolIsRegular");
    }

    private static Optional<String> reason(Optional<Finding> finding) {
        return finding.filter(Finding::permanent).map(Finding::reason);
    }

    private static Optional<Finding> check(String pool, String group) {
        var found = Serialization.unmarshal(
                """
                metadata: {name: p}
                spec: {vmSize: Standard_D8s_v5, maxNodes: 1, %s}
                """
                        .formatted(pool),
                PlanetaryNodePool.class);
        return PoolUse.check(group(group), Optional.of(found), "team-a", TEAM_A);
    }

    private static WorkersSpec group(String spec) {
        return Serialization.unmarshal("nodePool: p\n" + spec, WorkersSpec.class);
    }
}
