package dev.planetary.desired;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.tls.Authority;
import dev.planetary.tls.Token;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The modes of TLS beside Managed; golden folders show their objects in full. */
class TransportTest {
    private static final String OFF = "tls: {mode: 'Off'}";
    private static final String PROVIDED = "tls: {mode: Provided, secretName: mine}";

    @ParameterizedTest
    @ValueSource(strings = {OFF, PROVIDED})
    void a_token_is_kept_by_the_mode_it_was_made_for(String spec) {
        var model = Rendered.model(spec);

        assertThat(ClusterSecrets.isToken(model, token(spec))).isTrue();
        assertThat(ClusterSecrets.isToken(model, token(spec.equals(OFF) ? PROVIDED : OFF)))
                .isFalse();
    }

    @Test
    void a_Secret_that_holds_more_than_a_token_is_no_token() {
        var more = new SecretBuilder(token(OFF))
                .addToData(ClusterSecrets.KEY, "AAAA")
                .build();
        var less = new SecretBuilder(token(OFF)).withData(null).build();
        var empty = new SecretBuilder(token(OFF))
                .addToData(ClusterSecrets.TOKEN, "")
                .build();

        assertThat(List.of(more, less, empty)).noneMatch(secret -> ClusterSecrets.isToken(Rendered.model(OFF), secret));
    }

    /** It was sent over connections that anybody can read. */
    @Test
    void a_token_that_went_without_TLS_is_not_taken_over_by_certificates_of_ours() {
        var model = Rendered.model("{}");
        var plain = token(OFF);
        var clock = Clock.systemUTC();
        var authority = Authority.create("ndvi", clock, Duration.ofDays(30));
        var times = new Renewal.Times(Duration.ofDays(9), Duration.ofMinutes(5));

        var pods = new Renewal(model, authority, "", Optional.empty(), Optional.of(plain), times, clock).pods();
        var client = new Renewal(model, authority, "", pods, Optional.of(plain), times, clock).client();

        var shared = ClusterSecrets.read(pods.orElseThrow(), ClusterSecrets.TOKEN);
        assertThat(shared).isNotEqualTo(ClusterSecrets.read(plain, ClusterSecrets.TOKEN));
        assertThat(ClusterSecrets.read(client.orElseThrow(), ClusterSecrets.TOKEN))
                .isEqualTo(shared);
        assertThat(client.orElseThrow().getMetadata().getAnnotations()).doesNotContainKey("planetary.dev/tls-mode");
        var later = new Renewal(model, authority, "", pods, client, times, clock);
        assertThat(later.pods()).isEmpty();
        assertThat(later.client()).isEmpty();
        assertThat(later.due()).isAfter(Instant.now());
    }

    @Test
    void nothing_of_a_certificate_stays_where_only_a_token_is_wanted() {
        var model = Rendered.model("{}");
        var clock = Clock.systemUTC();
        var authority = Authority.create("ndvi", clock, Duration.ofDays(30));
        var times = new Renewal.Times(Duration.ofDays(9), Duration.ofMinutes(5));
        var managed = new Renewal(model, authority, "", Optional.empty(), Optional.empty(), times, clock)
                .client()
                .orElseThrow();

        var bare = ClusterSecrets.onto(managed, token(PROVIDED));

        assertThat(bare.getData()).containsOnlyKeys(ClusterSecrets.TOKEN);
        assertThat(ClusterSecrets.isToken(Rendered.model(PROVIDED), bare)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION",
                "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__TLS__CERT",
                "dask_distributed__comm__tls__ca_file"
            })
    void no_template_brings_TLS_back_by_halves(String variable) {
        var spec = OFF
                + "\nscheduler: {template: {spec: {containers: [{name: dask, env: [{name: %s, value: mine}]}]}}}"
                        .formatted(variable);

        assertThat(env(Rendered.scheduler(spec)))
                .noneMatch(e -> "mine".equals(e.getValue()))
                .noneMatch(e -> e.getName().contains("__TLS__"))
                .anyMatch(e -> e.getName().equals("DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION")
                        && e.getValue().equals("False"));
    }

    /** As when a change to Managed was refused: the load balancer belongs to the spec that is not in force. */
    @Test
    void without_TLS_there_is_no_load_balancer_whatever_the_spec_says() {
        var wanted = Rendered.model("scheduler: {service: {type: LoadBalancer}}");
        var inForce = Rendered.model(OFF).accepted();
        var model = new ClusterModel(wanted.cluster(), inForce, "p1", false);

        assertThat(SchedulerService.external(wanted)).isPresent();
        assertThat(SchedulerService.external(model)).isEmpty();
        assertThat(ClusterNetworkPolicy.of(model, "system"))
                .hasValueSatisfying(policy -> assertThat(policy.getSpec().getIngress())
                        .noneMatch(rule -> rule.getFrom().stream().anyMatch(peer -> peer.getIpBlock() != null)));
    }

    @Test
    void a_Service_follows_when_the_protocol_changes() {
        var managed = SchedulerService.of(Rendered.model("{}"));
        var off = SchedulerService.of(Rendered.model(OFF));

        assertThat(SchedulerService.says(managed, SchedulerService.of(Rendered.model(PROVIDED))))
                .isTrue();
        assertThat(SchedulerService.says(managed, off)).isFalse();
        assertThat(SchedulerService.says(SchedulerService.onto(managed, off), off))
                .isTrue();
    }

    private static Secret token(String spec) {
        return ClusterSecrets.token(Rendered.model(spec), Token.create(), "");
    }

    private static List<EnvVar> env(Pod pod) {
        return Rendered.dask(pod).getEnv();
    }
}
