package dev.planetary.telemetry;

import static dev.planetary.telemetry.Clusters.made;
import static dev.planetary.telemetry.Clusters.unready;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.planetary.api.PlanetaryClusterStatus.Phase;
import dev.planetary.dask.FakeSchedulerClient;
import dev.planetary.dask.MeteredSchedulerClient;
import dev.planetary.dask.SchedulerEndpoint;
import dev.planetary.sas.BrokerMeters;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.StandardHttpRequest;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Dashboard, alerts and docs speak of metrics that the operator really has. */
class ObservabilityFilesTest {
    private static final Path FILES = Path.of("deploy/observability");
    private static final Pattern METRIC = Pattern.compile("\\b(planetary|jvm|process)_(?!dev_)[a-z_]+\\b");

    @Test
    void theDashboardNamesMetricsThatAreThere() throws IOException {
        var queries = queries();
        assertThat(queries)
                .hasSizeGreaterThan(15)
                .allMatch(q -> q.contains("dask_") || METRIC.matcher(q).find());
        assertThat(metrics(queries)).isSubsetOf(exposed());
    }

    @Test
    void theAlertsNameMetricsThatAreThereAndEachHasItsPageInTheRunbook() throws IOException {
        var rules = rules();
        assertThat(rules).hasSizeGreaterThan(5);
        assertThat(rules).allMatch(r -> METRIC.matcher(r.path("expr").asText()).find());
        assertThat(metrics(rules.stream().map(r -> r.path("expr").asText()).toList()))
                .isSubsetOf(exposed());
        var runbook = Files.readString(Path.of("docs/runbook.md"));
        assertThat(rules).allSatisfy(rule -> {
            var name = rule.path("alert").asText();
            assertThat(rule.at("/annotations/runbook_url").asText())
                    .isEqualTo("docs/runbook.md#" + name.toLowerCase(Locale.ROOT));
            assertThat(runbook).contains("### " + name + "\n");
        });
    }

    @Test
    void everyMetricOfOursIsDescribedInTheDocs() throws IOException {
        var described = metrics(List.of(Files.readString(Path.of("docs/observability.md"))));
        assertThat(exposed().stream()
                        .filter(name -> name.startsWith("planetary_"))
                        .map(name -> name.replaceAll("_(bucket|count|sum|max)$", ""))
                        .distinct())
                .isSubsetOf(described);
    }

    /** Every series of an operator to which everything has happened once, by the names that Prometheus sees. */
    @SuppressWarnings("deprecation") // The registry that Quarkus has; it will change with it.
    private static Set<String> exposed() throws IOException {
        var registry =
                new io.micrometer.prometheus.PrometheusMeterRegistry(io.micrometer.prometheus.PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        var loop = new ControlLoop(Clock.systemUTC());
        new LoopMeters(registry, loop)
                .reconciliationFailed(made("c"), null, new KubernetesClientException("no"), Map.of());
        new RequestMeters(registry, loop)
                .afterConnectionFailure(
                        new StandardHttpRequest(Map.of(), URI.create("https://x/api/v1/pods"), "GET", ""),
                        new IOException());
        new BrokerMeters(registry).follow(() -> 0, Optional::empty);
        var meters = new Meters(registry, Clock.systemUTC());
        meters.told(
                made("c"),
                unready(Phase.Pending, "QuotaExceeded", 1),
                List.of(new Finding(false, "QuotaExceeded", "in words")));
        try {
            new MeteredSchedulerClient(new FakeSchedulerClient(), registry)
                    .ending(new SchedulerEndpoint("c", "p", "10.0.0.1", 8787, "ca", "0123456789abcdef"));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return registry.scrape()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.replaceAll("[{ ].*", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> metrics(List<String> texts) {
        return texts.stream()
                .flatMap(text -> METRIC.matcher(text).results())
                .map(found -> found.group())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<String> queries() throws IOException {
        var dashboard =
                new ObjectMapper().readTree(FILES.resolve("dashboard.json").toFile());
        return stream(dashboard.path("panels"))
                .flatMap(panel -> stream(panel.path("targets")))
                .map(target -> target.path("expr").asText())
                .toList();
    }

    private static List<JsonNode> rules() throws IOException {
        var alerts = new ObjectMapper(new YAMLFactory())
                .readTree(FILES.resolve("alerts.yaml").toFile());
        return stream(alerts.at("/spec/groups"))
                .flatMap(group -> stream(group.path("rules")))
                .toList();
    }

    private static Stream<JsonNode> stream(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }
}
