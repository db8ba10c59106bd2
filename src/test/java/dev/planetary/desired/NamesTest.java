package dev.planetary.desired;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class NamesTest {
    private final Names names = new Names("ndvi");

    @Test
    void a_new_pod_takes_the_lowest_number_that_is_free() {
        assertThat(names.freeWorker("default", Set.of())).isEqualTo("ndvi-default-0");
        assertThat(names.freeWorker("default", Set.of("ndvi-default-0", "ndvi-default-2", "ndvi-gpu-1")))
                .isEqualTo("ndvi-default-1");
        assertThat(names.freeScheduler(Set.of("ndvi-scheduler-0"))).isEqualTo("ndvi-scheduler-1");
    }

    /** A cluster's name has at most 40 characters; pods, Services and labels at most 63. */
    @Test
    void the_longest_names_fit() {
        var longest = new Names("n".repeat(40));

        assertThat(longest.service()).hasSizeLessThanOrEqualTo(63);
        assertThat(longest.freeWorker("default", Set.of())).hasSizeLessThanOrEqualTo(63 - "9999".length());
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
