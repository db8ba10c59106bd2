package dev.planetary.desired;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryClusterSpec;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Where pods get their Planetary Computer tokens. */
class SasUrlTest {
    private static final String BROKER = "http://planetary-sas-broker.planetary-system.svc";

    @Test
    void scheduler_and_workers_are_told_in_the_words_of_each_library() {
        var model = model("{}", Optional.of(BROKER));

        assertThat(Stream.of(
                        SchedulerPod.of(model, "ndvi-scheduler-0"),
                        WorkerPod.of(model, PlanetaryClusterSpec.DEFAULT_GROUP, "ndvi-default-0")))
                .allSatisfy(pod -> assertThat(env(pod))
                        .containsEntry("PC_SDK_SAS_URL", BROKER + "/api/sas/v1/token")
                        .containsEntry("VSICURL_PC_SAS_TOKEN_URL", BROKER + "/api/sas/v1/token/")
                        .containsEntry("VSICURL_PC_SAS_SIGN_HREF_URL", BROKER + "/api/sas/v1/sign?href="));
    }

    @Test
    void without_a_broker_they_are_told_nothing() {
        var pod = SchedulerPod.of(model("{}", Optional.empty()), "ndvi-scheduler-0");

        assertThat(env(pod).keySet()).noneMatch(name -> name.contains("SAS"));
    }

    @Test
    void the_user_s_own_wins_and_the_others_stay() {
        var pod = SchedulerPod.of(
                model("env: [{name: PC_SDK_SAS_URL, value: mine}]", Optional.of(BROKER)), "ndvi-scheduler-0");

        assertThat(env(pod))
                .containsEntry("PC_SDK_SAS_URL", "mine")
                .containsEntry("VSICURL_PC_SAS_TOKEN_URL", BROKER + "/api/sas/v1/token/");
    }

    @Test
    void another_broker_is_no_other_spec() {
        var before = SchedulerPod.of(model("{}", Optional.of(BROKER)), "ndvi-scheduler-0");
        var after = SchedulerPod.of(model("{}", Optional.of("http://elsewhere")), "ndvi-scheduler-0");

        assertThat(after.getMetadata().getAnnotations())
                .isEqualTo(before.getMetadata().getAnnotations());
    }

    private static ClusterModel model(String spec, Optional<String> sasUrl) {
        var model = Rendered.model(spec);
        return new ClusterModel(
                model.cluster(), model.accepted(), model.preloadHash(), model.trustedCa(), sasUrl, Optional.empty());
    }

    private static Map<String, String> env(Pod pod) {
        return Rendered.dask(pod).getEnv().stream()
                .filter(e -> e.getValue() != null)
                .collect(Collectors.toMap(EnvVar::getName, EnvVar::getValue));
    }
}
