package dev.planetary.azure;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Counts how calls to Azure end. No name of a pool, a group or a subscription is a label. */
public final class MeteredAgentPools implements AgentPools {
    private static final String ANSWERED = "answered";

    private final AgentPools to;
    private final MeterRegistry registry;

    public MeteredAgentPools(AgentPools to, MeterRegistry registry) {
        this.to = to;
        this.registry = registry;
        // From zero on: the first of its kind would be no increase otherwise.
        Stream.of("cluster", "list", "create", "update", "delete")
                .forEach(call ->
                        Stream.of(ANSWERED, "refused", "throttled", "failed").forEach(outcome -> ended(call, outcome)));
    }

    @Override
    public AksCluster cluster() throws ArmException {
        return counted("cluster", to::cluster);
    }

    @Override
    public List<AgentPool> list() throws ArmException {
        return counted("list", to::list);
    }

    @Override
    public Optional<Duration> create(PoolShape wanted) throws ArmException {
        return counted("create", () -> to.create(wanted));
    }

    @Override
    public Optional<Duration> update(AgentPool present, PoolShape wanted) throws ArmException {
        return counted("update", () -> to.update(present, wanted));
    }

    @Override
    public Optional<Duration> delete(AgentPool present) throws ArmException {
        return counted("delete", () -> to.delete(present));
    }

    private interface Call<T> {
        T make() throws ArmException;
    }

    private <T> T counted(String name, Call<T> call) throws ArmException {
        try {
            var answer = call.make();
            ended(name, ANSWERED).increment();
            return answer;
        } catch (ArmException e) {
            ended(name, outcome(e.error())).increment();
            throw e;
        }
    }

    private static String outcome(ArmError error) {
        if (error.throttles()) {
            return "throttled";
        }
        return error.status() >= 400 && error.status() < 500 ? "refused" : "failed";
    }

    private Counter ended(String call, String outcome) {
        return Counter.builder("planetary.azure.requests")
                .description("Calls to Azure Resource Manager")
                .tags("call", call, "outcome", outcome)
                .register(registry);
    }
}
