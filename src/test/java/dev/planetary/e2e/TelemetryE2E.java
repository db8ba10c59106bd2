package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the deployed operator, and the clusters it made, tell a Prometheus, a probe and a reader of logs. */
@Alone("counts clusters and requests")
class TelemetryE2E {
    private static final ObjectMapper JSON = new ObjectMapper();

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void theOperatorCountsClustersAndTimesThem() {
        // Given
        var begin = Instant.now();
        var before = metrics();

        // When one comes up and one cannot
        real.applySmall("good", 1);
        real.applySmall("bad", 1, "image: localhost/planetary/nothing:here");
        real.awaitReady("good");
        real.await("bad", Duration.ofSeconds(30), c -> RealCluster.ready(c)
                .reason()
                .endsWith("ImagePullBackOff"));

        // Then
        Awaitility.await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            var now = metrics();
            assertThat(grown(before, now, "planetary_clusters{phase=\"Running\"}"))
                    .isEqualTo(1);
            assertThat(grown(before, now, "planetary_clusters{phase=\"Pending\"}"))
                    .isEqualTo(1);
            assertThat(grown(before, now, "planetary_workers{state=\"desired\"}"))
                    .isEqualTo(2);
            assertThat(grown(before, now, "planetary_workers{state=\"ready\"}")).isEqualTo(1);
            assertThat(grown(before, now, "planetary_cluster_first_ready_seconds_count"))
                    .isEqualTo(1);
            assertThat(grown(before, now, "planetary_cluster_first_ready_seconds_sum"))
                    .isBetween(0.5, RealCluster.PATIENCE.toSeconds() * 1.0);
            assertThat(now).containsPattern("planetary_clusters_not_ready\\{reason=\"\\w+ImagePullBackOff\"} 1\\.0");
        });
        assertThat(metrics()).doesNotContain(real.namespace(), "good", "bad");

        // And the log says of which cluster a line is
        assertThat(real.operator().log(begin).lines().map(TelemetryE2E::parse))
                .allMatch(line -> line.hasNonNull("level") && line.hasNonNull("message"))
                .anyMatch(line -> line.at("/mdc/cluster").asText().equals("good")
                        && line.at("/mdc/namespace").asText().equals(real.namespace())
                        && line.path("message").asText().startsWith("Running: "));
    }

    @Test
    void lookingAtItCostsTheApiServerNothing() {
        // Given
        real.applySmall("c", 1);
        real.awaitReady("c");
        Awaitility.await("quiet")
                .atMost(Duration.ofSeconds(30))
                .until(() -> requests(Instant.now().minusSeconds(4)).isEmpty());
        var begin = Instant.now();

        // When
        for (var scrape = 0; scrape < 20; scrape++) {
            assertThat(metrics()).contains("planetary_clusters");
            var live = parse(get("/q/health/live"));
            assertThat(live.path("status").asText()).isEqualTo("UP");
            assertThat(live.findValuesAsText("name")).contains("Control loop");
            assertThat(parse(get("/q/health/ready")).path("status").asText()).isEqualTo("UP");
        }

        // Then
        assertThat(requests(begin)).isEmpty();
    }

    @Test
    void schedulerAndWorkersServeDasksMetricsToWhoHasTheToken() {
        // Given
        // The cluster's NetworkPolicy keeps all but the operator from these ports; Prometheus needs one of its own.
        real.applySmall("c", 1, "networkPolicy: {mode: 'Off'}");
        real.awaitReady("c");
        var client = real.clientPod("c");

        // When: as deploy/observability/dask-podmonitors.yaml asks, by the pod's address and the Service's name
        var scheduler = scrape(client, real.scheduler("c"), 8787);
        var worker = scrape(client, real.workers("c").getFirst(), 8788);

        // Then
        assertThat(scheduler).startsWith("401\n200\n").contains("dask_scheduler_workers{state=\"idle\"} 1.0");
        assertThat(worker).startsWith("401\n200\n").contains("dask_worker_memory_bytes{");
    }

    private String scrape(Pod client, Pod from, int port) {
        var result = real.python(
                client,
                """
                import http.client, socket, ssl
                TLS = "/etc/planetary/tls/"
                context = ssl.create_default_context(cafile=TLS + "ca.crt")
                token = open(TLS + "token").read()
                for headers in {}, {"Authorization": "Bearer " + token}:
                    plain = socket.create_connection(("%s", %d), timeout=10)
                    connection = http.client.HTTPConnection("c-scheduler.%s.svc")
                    connection.sock = context.wrap_socket(plain, server_hostname="c-scheduler.%s.svc")
                    connection.request("GET", "/metrics", headers=headers)
                    answer = connection.getresponse()
                    print(answer.status)
                    text = answer.read().decode()
                print(text)
                """
                        .formatted(from.getStatus().getPodIP(), port, real.namespace(), real.namespace()));
        assertThat(result.exitCode()).as(result.output()).isZero();
        return result.output();
    }

    private List<AuditLog.Request> requests(Instant since) {
        return AuditLog.since(since).stream().filter(r -> !r.watches()).toList();
    }

    private String metrics() {
        return get("/q/metrics");
    }

    /** Of the operator's pod, through the API server: its proxy, for a forwarded port may hang. */
    private String get(String path) {
        return real.client()
                .raw("/api/v1/namespaces/%s/pods/%s:8080/proxy%s"
                        .formatted(
                                DeployedOperator.NAMESPACE,
                                real.operator().pod().getMetadata().getName(),
                                path));
    }

    private static double grown(String before, String now, String series) {
        return value(now, series) - value(before, series);
    }

    private static double value(String metrics, String series) {
        var line = Pattern.compile("(?m)^" + Pattern.quote(series) + " (\\S+)").matcher(metrics);
        assertThat(line.find()).as(series).isTrue();
        return Double.parseDouble(line.group(1));
    }

    private static JsonNode parse(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(json, e);
        }
    }
}
