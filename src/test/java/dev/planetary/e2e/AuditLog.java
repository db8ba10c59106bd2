package dev.planetary.e2e;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Requests of the operator and of others, as the API server wrote them down. */
final class AuditLog {
    private static final String USER =
            "system:serviceaccount:" + DeployedOperator.NAMESPACE + ":" + DeployedOperator.NAME;
    private static final Set<String> READS = Set.of("get", "list", "watch");
    private static final ObjectMapper JSON = new ObjectMapper();

    private AuditLog() {}

    /**
     * @param resource  with its subresource, if any
     * @param namespace empty for a request about all namespaces
     */
    record Request(Instant at, String verb, String group, String resource, String namespace, String name, int code) {
        boolean writes() {
            return !READS.contains(verb);
        }

        boolean watches() {
            return verb.equals("watch");
        }

        /** What RBAC calls it. */
        String right() {
            return "%s %s%s".formatted(verb, resource, group.isEmpty() ? "" : "." + group);
        }
    }

    /** The operator's requests since then, in order. */
    static List<Request> since(Instant begin) {
        return since(begin, line -> line.contains("\"username\":\"" + USER + "\""));
    }

    /**
     * What was asked in the name of a service account by somebody who acts as it, since then and in order.
     *
     * @param tried true: only what was to change nothing (dry runs); false: all the rest
     */
    static List<Request> actingAs(String namespace, String account, boolean tried, Instant begin) {
        var user = "\"impersonatedUser\":{\"username\":\"system:serviceaccount:%s:%s\"".formatted(namespace, account);
        return since(begin, line -> line.contains(user) && line.contains("dryRun=All") == tried);
    }

    private static List<Request> since(Instant begin, Predicate<String> wanted) {
        try (var lines = Files.lines(path())) {
            return lines.filter(line -> wanted.test(line) && line.endsWith("}"))
                    .map(AuditLog::parse)
                    // A watch is told twice, at its begin and at its end.
                    .filter(e -> !e.path("verb").asText().equals("watch")
                            || e.path("stage").asText().equals("ResponseStarted"))
                    .filter(e -> e.path("objectRef").hasNonNull("resource"))
                    .map(AuditLog::request)
                    .filter(r -> !r.at().isBefore(begin))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path path() {
        var log = RealCluster.auditLog();
        assumeTrue(Files.isReadable(log), "this cluster's API server keeps its audit log elsewhere");
        return log;
    }

    private static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(line, e);
        }
    }

    private static Request request(JsonNode event) {
        var object = event.path("objectRef");
        var sub = object.path("subresource").asText();
        return new Request(
                Instant.parse(event.path("requestReceivedTimestamp").asText()),
                event.path("verb").asText(),
                object.path("apiGroup").asText(),
                object.path("resource").asText() + (sub.isEmpty() ? "" : "/" + sub),
                object.path("namespace").asText(),
                object.path("name").asText(),
                event.path("responseStatus").path("code").asInt());
    }
}
