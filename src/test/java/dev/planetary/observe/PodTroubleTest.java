package dev.planetary.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PodTroubleTest {
    @Test
    void last_words_become_an_event_without_their_secrets() {
        var pod = Serialization.unmarshal(
                """
                metadata: {name: c-default-0}
                status:
                  phase: Failed
                  containerStatuses:
                  - name: dask
                    state:
                      terminated:
                        exitCode: 1
                        message: 'GET https://me:secret1@host/a?sig%3Dsecret2 with Authorization: Bearer secret3 failed'
                """,
                Pod.class);

        assertThat(PodTrouble.lastWords(new ObservedPod(pod, false, Optional.empty(), false, false)))
                .startsWith("exit code 1: GET https://me:")
                .endsWith("failed")
                .doesNotContain("secret");
    }
}
