package dev.planetary.api;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import dev.planetary.api.OnChange.Effect;
import io.fabric8.generator.annotation.Size;
import java.util.List;

/** Which data a cluster or a job reads, and how near to it that must be. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record DataSpec(
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "Collections that are read, by their ids in the STAC catalogue, such as sentinel-2-l2a. The operator asks the catalogue"
                                + " where they are (msft:region). Default: none; then the data is in region.")
                @Size(max = 32)
                List<String> collections,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "Where the data is, as nodes have it in the label topology.kubernetes.io/region, such as northeurope: for data of your own."
                                + " Written, the catalogue is not asked. Default: what the catalogue says of collections; where it says nothing,"
                                + " and without collections, the operator's setting (westeurope).")
                @Size(min = 1, max = 63)
                String region,
        @OnChange(Effect.LIVE)
                @JsonPropertyDescription(
                        "Data and nodes in different regions. Prefer: condition DataLocal and a Warning event say so, and pods rather go to nodes in"
                                + " the region of the data; Require: pods are not made (Stalled, reason DataElsewhere or DataInSeveralRegions) and"
                                + " never put on nodes that are known to be elsewhere, pods that run stay; what is not known (DataLocal Unknown)"
                                + " refuses nothing; Ignore: nobody looks. A change replaces no pod. Default: Prefer.")
                Locality locality) {

    public DataSpec {
        collections = collections == null ? List.of() : List.copyOf(collections);
        locality = locality == null ? Locality.Prefer : locality;
    }

    /** Whether anybody wants to know where it is. */
    @JsonIgnore
    public boolean matters() {
        return locality != Locality.Ignore;
    }

    /** What becomes of a cluster that is far from its data. */
    public enum Locality {
        Prefer,
        Require,
        Ignore
    }
}
