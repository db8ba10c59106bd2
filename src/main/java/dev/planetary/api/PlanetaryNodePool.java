package dev.planetary.api;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** Nodes of an AKS cluster that workers may run on; of the whole cluster. CEL rules: {@code src/test/resources/crd/pool-overlay.yaml}. */
@Group(PlanetaryCluster.GROUP)
@Version(PlanetaryCluster.VERSION)
@Kind(PlanetaryNodePool.KIND)
@Singular("planetarynodepool")
@Plural("planetarynodepools")
@ShortNames("plnp")
@AdditionalPrinterColumn(name = "Phase", jsonPath = ".status.phase", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(name = "Size", jsonPath = ".spec.vmSize", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(name = "Priority", jsonPath = ".spec.priority", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(name = "Nodes", jsonPath = ".status.nodes", type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(name = "Max", jsonPath = ".spec.maxNodes", type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
        name = "Reason",
        jsonPath = ".status.conditions[?(@.type==\"Ready\")].reason",
        type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(
        name = "Pool",
        jsonPath = ".status.poolName",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1)
@AdditionalPrinterColumn(
        name = "Message",
        jsonPath = ".status.conditions[?(@.type==\"Ready\")].message",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1)
public class PlanetaryNodePool extends CustomResource<PlanetaryNodePoolSpec, PlanetaryNodePoolStatus> {
    public static final String KIND = "PlanetaryNodePool";
    /** On the object while a pool in Azure may be left of it. */
    public static final String FINALIZER = PlanetaryCluster.GROUP + "/agent-pool";

    /** What is known of it; empty before the first word. */
    public PlanetaryNodePoolStatus statusOrNothing() {
        return getStatus() == null ? PlanetaryNodePoolStatus.NOTHING : getStatus();
    }

    /** Whether it is to go. */
    public boolean ends() {
        return getMetadata().getDeletionTimestamp() != null;
    }
}
