package dev.planetary.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefusalTest {

    @ParameterizedTest
    @CsvSource({
        "400, BadRequest,         strict decoding error: unknown field \"spec.x\", true,  Invalid",
        "422, Invalid,            must be between 1 and 65535,                      true,  Invalid",
        "403, Forbidden,          violates PodSecurity \"restricted:latest\",       true,  PodSecurity",
        "403, Forbidden,          exceeded quota: q,                                false, QuotaExceeded",
        "403, Forbidden,          User x cannot create resource pods,               false, Forbidden",
        "404, NotFound,           namespaces \"n\" not found,                       false, NamespaceGone",
        "409, Conflict,           the object has been modified,                     false, ApiServerError",
        "429, TooManyRequests,    please try again later,                           false, ApiServerError",
        "503, ServiceUnavailable, no endpoints,                                     false, ApiServerError"
    })
    void tellsWhatTimeCuresFromWhatItDoesNot(int code, String reason, String words, boolean permanent, String told) {
        var finding = Refusal.of("Pod c-default-0", refusal(code, reason, words));

        assertThat(finding.permanent()).isEqualTo(permanent);
        assertThat(finding.reason()).isEqualTo(told);
        assertThat(finding.message()).contains(words);
    }

    @Test
    void namesTheObjectOfARefusedCreation() {
        assertThat(Refusal.of("Pod c-default-0", refusal(422, "Invalid", "w")).message())
                .isEqualTo("the API server refuses Pod c-default-0: w");
    }

    @Test
    void hasWordsEvenWithoutAnAnswer() {
        var finding = Refusal.of("Pod p", new KubernetesClientException("connection refused"));

        assertThat(finding.permanent()).isFalse();
        assertThat(finding.message()).contains("Pod p", "connection refused");
    }

    @Test
    void anObjectThatExistsIsAnotherConflictThanOneThatChanged() {
        assertThat(Refusal.alreadyExists(refusal(409, "AlreadyExists", "w"))).isTrue();
        assertThat(Refusal.alreadyExists(refusal(409, "Conflict", "w"))).isFalse();
        assertThat(Refusal.alreadyExists(new KubernetesClientException("w", 409, null)))
                .isFalse();
    }

    private static KubernetesClientException refusal(int code, String reason, String words) {
        return new KubernetesClientException(new StatusBuilder()
                .withCode(code)
                .withReason(reason)
                .withMessage(words)
                .build());
    }
}
