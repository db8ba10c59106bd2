package dev.planetary.observe;

import dev.planetary.azure.ArmError;
import dev.planetary.azure.PoolShape;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an error of Azure means: in words, whose turn it is, and when it is worth asking again. The rows are those of docs/azure.md.
 *
 * @param permanent true: somebody has to do something; false: time may cure it
 * @param reason    one CamelCase word
 * @param again     after which time it is tried again; the pool's budget of writes allows no less than a minute
 */
public record PoolTrouble(boolean permanent, String reason, String message, Duration again) {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);
    private static final Duration HOUR = Duration.ofHours(1);
    /** Karpenter's block of a size that a region does not have. */
    private static final Duration NEXT_DAY = Duration.ofHours(23);

    private static final Set<String> NO_CAPACITY = Set.of(
            "AllocationFailed",
            "ZonalAllocationFailed",
            "OverconstrainedAllocationRequest",
            "OverconstrainedZonalAllocationRequest");
    private static final Set<String> CHANGED = Set.of("EtagMismatch", "OriginalEtagNotExpect", "PreconditionFailed");
    private static final Pattern QUOTA = Pattern.compile(
            "LowPriorityCores|Cores quota|vcpu quota|Regional Cores|Quota increase", Pattern.CASE_INSENSITIVE);
    private static final Pattern WHICH = Pattern.compile("approved ([\\w ]+?) quota|family ([\\w]+)");
    private static final Pattern LIMIT = Pattern.compile("Current Limit: (\\d+)");
    private static final Pattern USAGE = Pattern.compile("Current Usage: (\\d+)");
    private static final Pattern MORE = Pattern.compile("Additional Required: (\\d+)");
    private static final Pattern NEEDED = Pattern.compile("New Limit Required: (\\d+)");

    /** @param wanted what was to be made or changed */
    public static PoolTrouble of(ArmError error, PoolShape wanted) {
        var code = error.code();
        if (error.throttles()) {
            return new PoolTrouble(
                    false,
                    "Throttled",
                    "Azure is asked too often by this subscription" + words(error),
                    later(error, MINUTE));
        }
        if (code.endsWith("VCPUQuota")
                || code.equals("QuotaExceeded")
                || QUOTA.matcher(error.message()).find()) {
            return quota(error);
        }
        if (code.equals("SkuNotAvailable")) {
            return wanted.spot() ? noCapacity(error, wanted) : notThere(error, wanted);
        }
        if (NO_CAPACITY.contains(code)) {
            return noCapacity(error, wanted);
        }
        if (error.status() == 412 || CHANGED.contains(code)) {
            return new PoolTrouble(
                    false,
                    "ChangedMeanwhile",
                    "somebody else changed the agent pool at the same time: it is looked at again",
                    MINUTE);
        }
        if (error.status() == 409 || code.equals("OperationNotAllowed") || code.equals("OperationPreempted")) {
            return new PoolTrouble(
                    false,
                    "OperationInProgress",
                    "waits until another operation in Azure is over" + words(error),
                    later(error, MINUTE));
        }
        if (error.status() == 401 || error.status() == 403) {
            return new PoolTrouble(
                    true,
                    "Forbidden",
                    "Azure refuses the operator's identity: give it the role of deploy/azure/role.json on the AKS cluster"
                            + words(error),
                    later(error, TEN_MINUTES));
        }
        if (code.equals("InsufficientSubnetSize")) {
            return new PoolTrouble(
                    true,
                    "SubnetFull",
                    "the subnet has no room for so many nodes: lower maxNodes, or enlarge the subnet" + words(error),
                    HOUR);
        }
        if (error.status() == 404) {
            return new PoolTrouble(
                    true,
                    "ClusterNotFound",
                    "the AKS cluster of the operator's settings is not there" + words(error),
                    TEN_MINUTES);
        }
        if (error.status() >= 400 && error.status() < 500) {
            return new PoolTrouble(true, "Refused", "Azure refuses the agent pool" + words(error), HOUR);
        }
        return new PoolTrouble(
                false,
                error.status() == 0 && !code.isEmpty() ? "OperationFailed" : "AzureUnavailable",
                (error.status() == 0 && !code.isEmpty()
                                ? "the operation failed in Azure"
                                : "Azure does not answer as it should")
                        + words(error),
                later(error, error.status() == 0 && !code.isEmpty() ? TEN_MINUTES : MINUTE));
    }

    private static PoolTrouble quota(ArmError error) {
        var text = error.message();
        var which = WHICH.matcher(text);
        var name = which.find() ? which.group(1) != null ? which.group(1) : which.group(2) : null;
        if (name == null || text.contains("LowPriorityCores")) {
            name = text.contains("LowPriorityCores") ? "spot cores (LowPriorityCores)" : "cores";
        }
        var numbers = number(LIMIT, text).isEmpty()
                ? words(error)
                : ": limit %s, in use %s, %s more wanted"
                        .formatted(number(LIMIT, text), number(USAGE, text), number(MORE, text));
        var remedy = number(NEEDED, text).isEmpty()
                ? ". Ask Azure for more, or use another vmSize"
                : ". Ask Azure for a quota of at least %s, or use another vmSize".formatted(number(NEEDED, text));
        return new PoolTrouble(
                true,
                "QuotaExceeded",
                "the subscription's quota of %s does not suffice%s%s".formatted(name, numbers, remedy),
                number(LIMIT, text).equals("0") ? HOUR : TEN_MINUTES);
    }

    private static PoolTrouble noCapacity(ArmError error, PoolShape wanted) {
        var remedy = wanted.zones().isEmpty()
                ? wanted.spot()
                        ? "; workers with spot: Prefer go to regular nodes meanwhile; another vmSize may be had"
                        : "; another vmSize may be had"
                : "; without zones, or with another vmSize, it may be had";
        return new PoolTrouble(
                false,
                "NoCapacity",
                "Azure has no %s%s now%s%s"
                        .formatted(
                                wanted.vmSize(),
                                (wanted.spot() ? " on spot" : "")
                                        + (wanted.zones().isEmpty()
                                                ? ""
                                                : " in zones " + String.join(", ", wanted.zones())),
                                remedy,
                                words(error)),
                HOUR);
    }

    private static PoolTrouble notThere(ArmError error, PoolShape wanted) {
        return new PoolTrouble(
                true,
                "SizeNotAvailable",
                "the subscription cannot have %s in this region or these zones: use another vmSize or other zones%s"
                        .formatted(wanted.vmSize(), words(error)),
                NEXT_DAY);
    }

    private static Duration later(ArmError error, Duration least) {
        return error.retryAfter().filter(it -> it.compareTo(least) > 0).orElse(least);
    }

    private static String words(ArmError error) {
        var text = Stream.of(error.code(), error.message())
                .filter(word -> !word.isBlank())
                .collect(Collectors.joining(": "));
        return text.isEmpty() ? "" : " (" + Quoted.beginning(text) + ")";
    }

    private static String number(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : "";
    }
}
