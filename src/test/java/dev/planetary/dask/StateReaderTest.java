package dev.planetary.dask;

import static java.util.Collections.nCopies;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StateReaderTest {

    @Test
    void readsTheContractsExample() throws IOException {
        var state = read(
                """
                {"boot": "b", "version": 17, "ending": true, "idleSince": 1790000000.5,
                 "workers": [{"uid": "u", "name": "ndvi-default-0-1a2b3c4d", "group": "default",
                              "address": "tls://10.0.0.7:40001", "status": "running", "memory": 123456789012,
                              "results": 12, "executing": 1, "processing": 3, "retiring": false}],
                 "groups": "g1", "targets": {"default": 4, "gpu": 0, "odd": "x", "less": -1},
                 "retired": ["gone"], "warnings": [{"uid": "u", "reason": "Actors", "message": "holds actors"}],
                 "jobsVersion": 4, "jobs": {"ndvi-1a2b3-0": {"done": 12, "total": 30000000000}}}""");

        assertThat(state)
                .isEqualTo(new SchedulerState(
                        "b",
                        17,
                        true,
                        Optional.of(Instant.parse("2026-09-21T14:13:20.500Z")),
                        "g1",
                        Map.of("default", 4, "gpu", 0, "less", 0),
                        List.of(new WorkerState(
                                "u",
                                "ndvi-default-0-1a2b3c4d",
                                "default",
                                "tls://10.0.0.7:40001",
                                "running",
                                123456789012L,
                                12,
                                1,
                                3,
                                false)),
                        Set.of("gone"),
                        List.of(new Warning("u", "Actors", "holds actors")),
                        new JobsProgress(4, Map.of("ndvi-1a2b3-0", new JobProgress(12, 30000000000L)))));
    }

    @Test
    void ignoresFieldsOfLaterVersions() throws IOException {
        var state = read(
                """
                {"boot": "b", "version": 1, "moods": {"default": 4}, "workers": [{"uid": "u", "gpu": {"memory": 1}}]}""");

        assertThat(state.byPod()).containsKey("u");
    }

    @Test
    void missingFieldsAreQuiet() throws IOException {
        var state = read(
                """
                {"boot": "b", "idleSince": null, "workers": [{"uid": "u", "status": null}]}""");

        assertThat(state)
                .isEqualTo(new SchedulerState(
                        "b",
                        0,
                        false,
                        Optional.empty(),
                        "",
                        Map.of(),
                        List.of(new WorkerState("u", "", "", "", "", 0, 0, 0, 0, false)),
                        Set.of(),
                        List.of(),
                        JobsProgress.NONE));
    }

    @Test
    void progressIsNeverMoreThanAll() throws IOException {
        var state = read(
                """
                {"boot": "b", "workers": [], "jobsVersion": 1,
                 "jobs": {"more": {"done": 5, "total": 4}, "less": {"done": -1, "total": -1}, "odd": "x", "bare": {}}}""");

        assertThat(state.jobs().of("more")).contains(new JobProgress(4, 4));
        assertThat(List.of("less", "odd", "bare"))
                .allSatisfy(job -> assertThat(state.jobs().of(job)).contains(new JobProgress(0, 0)));
        assertThat(state.jobs().of("nobody")).isEmpty();
    }

    @Test
    void neverTakesAnotherAnswerForNoWorkers() {
        refused("{}", "no boot or no workers");
        refused("{\"boot\": \"b\"}", "no boot or no workers");
        refused("{\"boot\": null, \"workers\": []}", "no boot or no workers");
        refused("{\"boot\": \"b\", \"workers\": null}", "no boot or no workers");
        refused("[]", "no boot or no workers");
        refused("", "no boot or no workers");
        refused("<html>secret</html>", "no JSON");
    }

    @Test
    void readsTwentyThousandWorkers() throws IOException {
        var worker =
                """
                {"uid": "u", "name": "n", "group": "g", "address": "a", "status": "running", "memory": 1,
                 "results": 1, "executing": 1, "processing": 1, "retiring": false}""";

        assertThat(read(body("workers", worker, 20_000)).workers()).hasSize(20_000);
    }

    @Test
    void whatNoSchedulerSaysIsNotRead() {
        refused(body("workers", "{}", 20_001), "the body has more than 20000 workers");
        refused(body("retired", "1", 20_001), "the body has more than 20000 retired");
        // Each takes thirty times its length in memory.
        refused(body("workers", "{}", 2_000_000), "the body is no JSON, or far more than a scheduler says");
        refused("[".repeat(100_000), "the body is no JSON, or far more than a scheduler says");
    }

    @Test
    void theLastHundredWarningsCount() throws IOException {
        assertThat(read(body("warnings", "{\"reason\": \"Actors\"}", 10_000)).warnings())
                .hasSize(100);
    }

    private static String body(String field, String entry, int times) {
        var others = field.equals("workers") ? "" : ", \"workers\": []";
        return "{\"boot\": \"b\"%s, \"%s\": [%s]}".formatted(others, field, String.join(",", nCopies(times, entry)));
    }

    @Test
    void onlyRunningWorkersThatStayAreUsable() throws IOException {
        var state = read(
                """
                {"boot": "b", "workers": [{"uid": "a", "status": "running"}, {"uid": "b", "status": "paused"},
                                          {"uid": "c", "status": "running", "retiring": true}]}""");

        assertThat(state.workers().stream().filter(WorkerState::usable))
                .extracting(WorkerState::uid)
                .containsExactly("a");
    }

    private static SchedulerState read(String json) throws IOException {
        return new StateReader().read(json.getBytes(StandardCharsets.UTF_8));
    }

    private static void refused(String body, String message) {
        assertThatIOException()
                .isThrownBy(() -> read(body))
                .withMessageContaining(message)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret"));
    }
}
