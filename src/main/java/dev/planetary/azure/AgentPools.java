package dev.planetary.azure;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The agent pools of one AKS cluster. Each call is one request, made once: an answer that was lost leaves it open whether it was done. What
 * changes something answers when Azure has accepted it; how it goes on is told by {@link #list}.
 */
public interface AgentPools {

    AksCluster cluster() throws ArmException;

    List<AgentPool> list() throws ArmException;

    /**
     * Makes one, unless there is one of that name.
     *
     * @return after which time Azure wants to be asked how it went
     */
    Optional<Duration> create(PoolShape wanted) throws ArmException;

    /** Changes what can be changed of one, unless somebody has changed it since. */
    Optional<Duration> update(AgentPool present, PoolShape wanted) throws ArmException;

    /** Drains and frees its nodes, unless somebody has changed it since. */
    Optional<Duration> delete(AgentPool present) throws ArmException;
}
