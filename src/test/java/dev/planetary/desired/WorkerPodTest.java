package dev.planetary.desired;

import static dev.planetary.desired.Rendered.dask;
import static dev.planetary.desired.Rendered.option;
import static dev.planetary.desired.Rendered.worker;
import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.api.PlanetaryClusterSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerPodTest {

    @ParameterizedTest
    @CsvSource({"500m, 1", "1, 1", "1500m, 1", "2, 2", "3900m, 3", "64, 64"})
    void threads_are_the_whole_CPUs_of_the_limit_and_at_least_one(String cpu, String threads) {
        assertThat(option(worker("workers: {resources: {limits: {cpu: %s}}}".formatted(cpu)), "--nthreads"))
                .isEqualTo(threads);
    }

    @Test
    void threads_that_are_asked_for_stand_above_the_limit() {
        assertThat(option(worker("workers: {threads: 9, resources: {limits: {cpu: 2}}}"), "--nthreads"))
                .isEqualTo("9");
    }

    @ParameterizedTest
    @CsvSource({
        "4Gi, 4294967296",
        "1500M, 1500000000",
        "1.5Gi, 1610612736",
        "1000, 1000",
        "128974848, 128974848",
        "1e9, 1000000000"
    })
    void dask_is_told_the_memory_limit_in_bytes(String memory, String bytes) {
        assertThat(option(worker("workers: {resources: {limits: {memory: %s}}}".formatted(memory)), "--memory-limit"))
                .isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"1, 900m", "4, 3600m", "500m, 450m", "1m, 1m", "333m, 300m", "16, 14400m"})
    void the_CPU_request_is_nine_tenths_of_the_limit_rounded_up(String limit, String request) {
        var resources = dask(worker("workers: {resources: {limits: {cpu: %s}}}".formatted(limit)))
                .getResources();

        assertThat(resources.getRequests().get("cpu")).isEqualTo(new Quantity(request));
    }

    @Test
    void a_request_that_is_written_stands_and_memory_is_asked_for_in_full() {
        var resources = dask(worker("workers: {resources: {limits: {cpu: 4, memory: 16Gi}, requests: {cpu: 100m}}}"))
                .getResources();

        assertThat(resources.getRequests())
                .containsEntry("cpu", new Quantity("100m"))
                .containsEntry("memory", new Quantity("16Gi"));
    }

    @Test
    void dask_resources_are_in_order_and_in_plain_numbers() {
        assertThat(option(worker("workers: {daskResources: {ZOOM: 1e3, GPU: 1, DISK: 0.50}}"), "--resources"))
                .isEqualTo("DISK=0.5 GPU=1 ZOOM=1000");
    }

    @Test
    void there_is_time_to_drain_and_some_more() {
        var pod = worker("workers: {drainTimeout: 1h30m}");

        assertThat(pod.getSpec().getTerminationGracePeriodSeconds()).isEqualTo(5400 + 30);
        assertThat(dask(pod).getEnv()).anySatisfy(e -> {
            assertThat(e.getName()).isEqualTo("PLANETARY_DRAIN_TIMEOUT");
            assertThat(e.getValue()).isEqualTo("5400");
        });
    }

    @Test
    void on_spot_it_ends_within_the_notice_of_thirty_seconds_unless_more_is_asked_for() {
        assertThat(worker("workers: {spot: Require}").getSpec().getTerminationGracePeriodSeconds())
                .isEqualTo(30);
        assertThat(worker("workers: {spot: Prefer}").getSpec().getTerminationGracePeriodSeconds())
                .isEqualTo(30);
        assertThat(worker("workers: {spot: Prefer, drainTimeout: 10m}")
                        .getSpec()
                        .getTerminationGracePeriodSeconds())
                .isEqualTo(605);
    }

    @Test
    void one_that_fell_back_tolerates_no_spot_node_so_that_no_spot_pool_grows_for_it() {
        var pod = WorkerPod.of(
                Rendered.model("workers: {spot: Prefer}"), PlanetaryClusterSpec.DEFAULT_GROUP, "ndvi-default-0", true);

        assertThat(pod.getMetadata().getLabels()).containsEntry("planetary.dev/capacity", "regular");
        assertThat(pod.getSpec().getTolerations()).isEmpty();
        assertThat(pod.getSpec().getAffinity()).isNull();
        assertThat(pod.getSpec().getTerminationGracePeriodSeconds()).isEqualTo(55);
    }
}
