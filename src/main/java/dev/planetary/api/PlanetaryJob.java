package dev.planetary.api;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** A script or a command that runs once on a Dask cluster. CEL rules: {@code src/test/resources/crd/job-overlay.yaml}. */
@Group(PlanetaryCluster.GROUP)
@Version(PlanetaryCluster.VERSION)
@Kind(PlanetaryJob.KIND)
@Singular("planetaryjob")
@Plural("planetaryjobs")
@ShortNames("plj")
@AdditionalPrinterColumn(name = "Phase", jsonPath = ".status.phase", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Progress",
        jsonPath = ".status.progress.percent",
        type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(name = "Attempts", jsonPath = ".status.attempts", type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(name = "Cluster", jsonPath = ".status.clusterName", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(name = "Reason", jsonPath = ".status.reason", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(
        name = "Duration",
        jsonPath = ".status.duration",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1)
@AdditionalPrinterColumn(
        name = "Message",
        jsonPath = ".status.message",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1)
public class PlanetaryJob extends CustomResource<PlanetaryJobSpec, PlanetaryJobStatus> implements Namespaced {
    public static final String KIND = "PlanetaryJob";

    /** What is known of it; empty before the first word. */
    public PlanetaryJobStatus statusOrNothing() {
        return getStatus() == null ? PlanetaryJobStatus.NOTHING : getStatus();
    }
}
