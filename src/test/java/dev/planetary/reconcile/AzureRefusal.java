package dev.planetary.reconcile;

import java.time.Duration;

/**
 * The rows of docs/azure.md: what Azure says, and what people are to read of it.
 */
enum AzureRefusal {
    FAMILY_QUOTA(
            400,
            "OperationNotAllowed",
            Words.QUOTA.formatted(10),
            true,
            "QuotaExceeded",
            10,
            "quota of standardDSv5Family Cores does not suffice: limit 10, in use 8, 8 more wanted. Ask Azure for a quota of at least 16"),
    QUOTA_OF_NOTHING(400, "OperationNotAllowed", Words.QUOTA.formatted(0), true, "QuotaExceeded", 60, "limit 0"),
    SPOT_CORES(
            400, "OperationNotAllowed", Words.SPOT_QUOTA, true, "QuotaExceeded", 10, "spot cores (LowPriorityCores)"),
    REGIONAL_QUOTA(
            400,
            "OperationNotAllowed",
            "Operation could not be completed as it results in exceeding approved Total Regional Cores quota.",
            true,
            "QuotaExceeded",
            10,
            "quota of Total Regional Cores does not suffice"),
    AKS_S_OWN_WORD(
            400,
            "ErrCode_InsufficientVCPUQuota",
            "Insufficient vcpu quota requested 8, remaining 2 for family standardDSv5Family for region westeurope.",
            true,
            "QuotaExceeded",
            10,
            "quota of standardDSv5Family does not suffice (ErrCode_InsufficientVCPUQuota: Insufficient vcpu quota requested 8"),
    ANOTHER_OPERATION(
            409,
            "OperationNotAllowed",
            "Another agentpool operation (Creating) is in progress",
            false,
            "OperationInProgress",
            1,
            "waits until another operation in Azure is over"),
    PREEMPTED(
            409,
            "OperationPreempted",
            "overriden and canceled by a later operation",
            false,
            "OperationInProgress",
            1,
            "waits until another operation in Azure is over"),
    ETAG(
            412,
            "EtagMismatch",
            "The ETag does not match",
            false,
            "ChangedMeanwhile",
            1,
            "somebody else changed the agent pool"),
    OTHER_ETAG(
            409,
            "OriginalEtagNotExpect",
            "original etag not expected",
            false,
            "ChangedMeanwhile",
            1,
            "somebody else changed the agent pool"),
    NO_SUCH_SIZE(
            400,
            "SkuNotAvailable",
            "The requested size Standard_D8s_v5 is not available in location westeurope",
            true,
            "SizeNotAvailable",
            23 * 60,
            "the subscription cannot have Standard_D8s_v5 in this region or these zones"),
    ALLOCATION(
            409,
            "AllocationFailed",
            "no room",
            false,
            "NoCapacity",
            60,
            "Azure has no Standard_D8s_v5 in zones 1, 2 now; without zones"),
    ZONAL_ALLOCATION(409, "ZonalAllocationFailed", "no room", false, "NoCapacity", 60, "in zones 1, 2"),
    OVERCONSTRAINED(
            409,
            "OverconstrainedAllocationRequest",
            "no room",
            false,
            "NoCapacity",
            60,
            "or with another vmSize, it may be had"),
    OVERCONSTRAINED_IN_ZONE(
            409, "OverconstrainedZonalAllocationRequest", "no room", false, "NoCapacity", 60, "in zones 1, 2"),
    UNKNOWN_TO_AZURE(
            401, "AuthenticationFailed", "who is it", true, "Forbidden", 10, "Azure refuses the operator's identity"),
    WITHOUT_RIGHTS(
            403,
            "AuthorizationFailed",
            "does not have authorization to perform action 'agentPools/write'",
            true,
            "Forbidden",
            10,
            "agentPools/write"),
    SUBNET(
            400,
            "InsufficientSubnetSize",
            "pre-allocated IPs 620 exceeds IPs available 251",
            true,
            "SubnetFull",
            60,
            "lower maxNodes"),
    NO_CLUSTER(
            404, "ResourceNotFound", "managedClusters/aks was not found", true, "ClusterNotFound", 10, "is not there"),
    INVALID(400, "InvalidParameter", "nodeLabels are wrong", true, "Refused", 60, "nodeLabels are wrong"),
    SERVER(500, "InternalServerError", "oops", false, "AzureUnavailable", 1, "Azure does not answer as it should");

    /** As Azure writes them; an enum's own constants come too late for its values. */
    static final class Words {
        static final String QUOTA =
                "Operation could not be completed as it results in exceeding approved standardDSv5Family Cores quota. Additional details -"
                        + " Deployment Model: Resource Manager, Location: westeurope, Current Limit: %s, Current Usage: 8, Additional Required: 8,"
                        + " (Minimum) New Limit Required: 16. Submit a request for Quota increase at https://aka.ms/quota";
        static final String SPOT_QUOTA =
                "Operation could not be completed as it results in exceeding approved LowPriorityCores quota. Additional details - Location:"
                        + " westeurope, Current Limit: 3, Current Usage: 0, Additional Required: 8, (Minimum) New Limit Required: 8.";

        private Words() {}
    }

    final int status;
    final String code;
    final String message;
    final boolean stalled;
    final String reason;
    final Duration again;
    final String words;

    AzureRefusal(int status, String code, String message, boolean stalled, String reason, int minutes, String words) {
        this.status = status;
        this.code = code;
        this.message = message;
        this.stalled = stalled;
        this.reason = reason;
        this.again = Duration.ofMinutes(minutes);
        this.words = words;
    }

    /** What only an answer can say, not an operation. */
    boolean onlyAtOnce() {
        return switch (this) {
            case UNKNOWN_TO_AZURE, WITHOUT_RIGHTS, NO_CLUSTER, INVALID, SERVER -> true;
            default -> false;
        };
    }
}
