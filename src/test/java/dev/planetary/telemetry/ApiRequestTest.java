package dev.planetary.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiRequestTest {
    @ParameterizedTest
    @CsvSource({
        "GET, /api/v1/pods, labelSelector=a%3Db&resourceVersion=0, list, pods",
        "GET, /api/v1/pods, allowWatchBookmarks=true&watch=true, watch, pods",
        "GET, /apis/planetary.dev/v1alpha1/namespaces/team-a/planetaryclusters, watch=true, watch, planetaryclusters",
        "GET, /api/v1/namespaces/team-a/secrets/ndvi-ca, '', get, secrets",
        "POST, /api/v1/namespaces/team-a/pods, dryRun=All, create, pods",
        "PUT, /apis/planetary.dev/v1alpha1/namespaces/team-a/planetaryclusters/ndvi/status, '', update, planetaryclusters/status",
        "DELETE, /api/v1/namespaces/team-a/pods/ndvi-default-0, '', delete, pods",
        "PATCH, /api/v1/namespaces/team-a, '', patch, namespaces",
        "POST, /apis/events.k8s.io/v1/namespaces/team-a/events, '', create, events",
        "GET, /version, '', get, other",
    })
    void tellsVerbAndResourceAndNeverAName(String method, String path, String query, String verb, String resource) {
        assertThat(ApiRequest.of(method, path, query)).isEqualTo(new ApiRequest(verb, resource));
    }
}
