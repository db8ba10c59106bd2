package dev.planetary.dask;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Reads the answer to {@code GET /planetary/v1/state}. Fields of later versions are ignored and missing ones take the
 * quiet value, but without {@code boot} and {@code workers} it is no state: "no workers" must never be guessed.
 *
 * <p>A scheduler runs users' code, and an empty object takes thirty times its length in memory: what no honest one says is not read.
 */
final class StateReader {
    /** Of anything, and more than Dask can have. */
    private static final int MOST = 20_000;
    /** So many workers with ten fields each. */
    private static final int MOST_TOKENS = 500_000;
    /** The preload keeps no more; each new one is an event. */
    private static final int MOST_WARNINGS = 100;
    /** Bytes. */
    private static final int LARGE = 256 << 10;

    private final ObjectMapper json = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxTokenCount(MOST_TOKENS)
                    .maxNestingDepth(10)
                    .build())
            .build());

    SchedulerState read(byte[] body) throws IOException {
        if (body.length < LARGE) {
            return parse(body);
        }
        synchronized (this) { // one at a time: each takes its many times for a moment
            return parse(body);
        }
    }

    private SchedulerState parse(byte[] body) throws IOException {
        // Jackson's message would quote the body, which is any pod's text.
        JsonNode state;
        try {
            state = json.readTree(body);
        } catch (IOException e) {
            throw new IOException("the body is no JSON, or far more than a scheduler says");
        }
        var boot = text(state, "boot");
        if (boot.isEmpty() || !state.path("workers").isArray()) {
            throw new IOException("the body has no boot or no workers");
        }
        for (var field : List.of("workers", "retired", "warnings", "targets", "jobs")) {
            if (state.path(field).size() > MOST) {
                throw new IOException("the body has more than " + MOST + " " + field);
            }
        }
        return new SchedulerState(
                boot,
                state.path("version").asLong(),
                state.path("ending").asBoolean(),
                idleSince(state.path("idleSince")),
                text(state, "groups"),
                targets(state.path("targets")),
                list(state.path("workers"), StateReader::worker),
                all(state.path("retired")).map(JsonNode::asText).collect(Collectors.toUnmodifiableSet()),
                all(state.path("warnings"))
                        .skip(Math.max(0, state.path("warnings").size() - MOST_WARNINGS))
                        .map(StateReader::warning)
                        .toList(),
                jobs(state));
    }

    private static WorkerState worker(JsonNode worker) {
        return new WorkerState(
                text(worker, "uid"),
                text(worker, "name"),
                text(worker, "group"),
                text(worker, "address"),
                text(worker, "status"),
                worker.path("memory").asLong(),
                worker.path("results").asInt(),
                worker.path("executing").asInt(),
                worker.path("processing").asInt(),
                worker.path("retiring").asBoolean());
    }

    private static Map<String, Integer> targets(JsonNode targets) {
        return targets.properties().stream()
                .filter(t -> t.getValue().canConvertToInt())
                .collect(Collectors.toUnmodifiableMap(
                        Map.Entry::getKey, t -> Math.max(0, t.getValue().asInt())));
    }

    private static JobsProgress jobs(JsonNode state) {
        return new JobsProgress(
                state.path("jobsVersion").asLong(),
                state.path("jobs").properties().stream()
                        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, job -> progress(job.getValue()))));
    }

    /** Never more done than there is: it becomes a percentage. */
    private static JobProgress progress(JsonNode job) {
        var total = Math.max(0, job.path("total").asLong());
        return new JobProgress(Math.clamp(job.path("done").asLong(), 0, total), total);
    }

    private static Warning warning(JsonNode warning) {
        return new Warning(text(warning, "uid"), text(warning, "reason"), text(warning, "message"));
    }

    private static Optional<Instant> idleSince(JsonNode seconds) {
        return seconds.isNumber()
                ? Optional.of(Instant.ofEpochMilli(Math.round(seconds.asDouble() * 1000)))
                : Optional.empty();
    }

    /** Empty for a missing field and for null, which Jackson would spell "null". */
    private static String text(JsonNode object, String field) {
        return object.hasNonNull(field) ? object.path(field).asText() : "";
    }

    private static <T> List<T> list(JsonNode array, Function<JsonNode, T> reader) {
        return all(array).map(reader).toList();
    }

    private static Stream<JsonNode> all(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }
}
