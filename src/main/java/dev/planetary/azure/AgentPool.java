package dev.planetary.azure;

import java.util.Optional;

/**
 * An agent pool, as Azure has it.
 *
 * @param etag              of this state; a write that names it fails where the pool has changed since
 * @param provisioningState as Azure says it
 * @param trouble           why its last operation failed
 */
public record AgentPool(
        PoolShape shape, Optional<String> etag, String provisioningState, int nodes, Optional<ArmError> trouble) {
    /** Tag with the uid of the object that it was made for. */
    public static final String OWNER = "planetary-node-pool-uid";
    /** Tag with that object's name, for people. */
    public static final String OWNERS_NAME = "planetary-node-pool";

    public String name() {
        return shape.name();
    }

    public boolean belongsTo(String uid) {
        return uid.equals(shape.tags().get(OWNER));
    }

    /** Nobody is at work on it. */
    public boolean settled() {
        return AksCluster.SETTLED.contains(provisioningState);
    }

    public boolean isDeleting() {
        return provisioningState.equals("Deleting");
    }

    public boolean succeeded() {
        return provisioningState.equals("Succeeded");
    }

    /** The same pool a moment later. */
    public AgentPool in(String state) {
        return new AgentPool(shape, etag, state, nodes, Optional.empty());
    }
}
