package dev.planetary.reconcile;

import dev.planetary.azure.AgentPool;
import dev.planetary.azure.AgentPools;
import dev.planetary.azure.AksCluster;
import dev.planetary.azure.ArmException;
import dev.planetary.azure.PoolShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The line to Azure, which breaks when the operator's process dies, as the {@link Wire} to the API server does. */
record MortalAzure(AgentPools azure, Wire wire) implements AgentPools {

    private interface Call<T> {
        T make() throws ArmException;
    }

    @Override
    public AksCluster cluster() throws ArmException {
        return through("azure-cluster", azure::cluster);
    }

    @Override
    public List<AgentPool> list() throws ArmException {
        return through("azure-list", azure::list);
    }

    @Override
    public Optional<Duration> create(PoolShape wanted) throws ArmException {
        return through("azure-create", () -> azure.create(wanted));
    }

    @Override
    public Optional<Duration> update(AgentPool present, PoolShape wanted) throws ArmException {
        return through("azure-update", () -> azure.update(present, wanted));
    }

    @Override
    public Optional<Duration> delete(AgentPool present) throws ArmException {
        return through("azure-delete", () -> azure.delete(present));
    }

    private <T> T through(String what, Call<T> call) throws ArmException {
        var answers = new ArrayList<T>();
        var errors = new ArrayList<ArmException>();
        try {
            wire.tell(what, () -> {
                try {
                    answers.add(call.make());
                } catch (ArmException e) {
                    errors.add(e);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!errors.isEmpty()) {
            throw errors.getFirst();
        }
        return answers.getFirst();
    }
}
