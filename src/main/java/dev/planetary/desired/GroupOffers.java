package dev.planetary.desired;

import dev.planetary.dask.GroupOffer;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a scheduler is told of the groups of workers.
 *
 * @param id     names the content
 * @param groups in the order in which tasks look for one that can run them
 */
public record GroupOffers(String id, Map<String, GroupOffer> groups) {

    public static GroupOffers of(AcceptedSpec accepted) {
        var groups = new LinkedHashMap<String, GroupOffer>();
        accepted.pods()
                .groups()
                .forEach((name, spec) -> groups.put(
                        name,
                        new GroupOffer(
                                WorkerResources.threads(spec),
                                WorkerResources.memory(spec)
                                        .map(BigDecimal::longValue)
                                        .orElse(0L),
                                WorkerResources.offered(spec))));
        return new GroupOffers(Json.hash(groups), groups);
    }
}
