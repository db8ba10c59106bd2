package dev.planetary.desired;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class NamesTest {
    private final Names names = new Names("ndvi");

    @Test
    void new_pods_take_the_lowest_numbers_that_are_free() {
        assertThat(names.freeWorkers("default", Set.of()).limit(2)).containsExactly("ndvi-default-0", "ndvi-default-1");
        assertThat(names.freeWorkers("default", Set.of("ndvi-default-0", "ndvi-default-2", "ndvi-gpu-1"))
                        .limit(2))
                .containsExactly("ndvi-default-1", "ndvi-default-3");
        assertThat(names.freeSchedulers(Set.of("ndvi-scheduler-0")).findFirst()).contains("ndvi-scheduler-1");
    }

    /** A cluster's name has at most 40 characters; pods, Services and labels at most 63. */
    @Test
    void the_longest_names_fit() {
        var longest = new Names("n".repeat(40));

        assertThat(longest.service()).hasSizeLessThanOrEqualTo(63);
        assertThat(longest.freeWorkers("default", Set.of()).findFirst().orElseThrow())
                .hasSizeLessThanOrEqualTo(63 - "9999".length());
        assertThat(longest.preload("0123456789")).hasSizeLessThanOrEqualTo(63);
        assertThat(longest.trustedCa()).hasSizeLessThanOrEqualTo(63);
    }

    @Test
    void certificates_speak_of_every_name_the_Service_has() {
        assertThat(ClusterSecrets.dnsNames(Rendered.model("{}")))
                .contains(
                        "ndvi-scheduler",
                        "ndvi-scheduler.team-a.svc",
                        "ndvi-scheduler.team-a.svc.cluster.local",
                        "localhost");
    }
}
