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

/** A Dask scheduler and its workers, as one object. CEL rules: {@code src/test/resources/crd/overlay.yaml}. */
@Group(PlanetaryCluster.GROUP)
@Version(PlanetaryCluster.VERSION)
@Kind(PlanetaryCluster.KIND)
@Singular("planetarycluster")
@Plural("planetaryclusters")
@ShortNames("plc")
@AdditionalPrinterColumn(name = "Phase", jsonPath = ".status.phase", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Workers",
        jsonPath = ".status.workers.desired",
        type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
        name = "Ready",
        jsonPath = ".status.workers.ready",
        type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
        name = "Reason",
        jsonPath = ".status.conditions[?(@.type==\"Ready\")].reason",
        type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(
        name = "Dashboard",
        jsonPath = ".status.scheduler.dashboardUrl",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1)
@AdditionalPrinterColumn(
        name = "Expires",
        jsonPath = ".status.expiresAt",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1)
@AdditionalPrinterColumn(
        name = "Message",
        jsonPath = ".status.conditions[?(@.type==\"Ready\")].message",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1)
public class PlanetaryCluster extends CustomResource<PlanetaryClusterSpec, PlanetaryClusterStatus>
        implements Namespaced {
    public static final String GROUP = "planetary.dev";
    public static final String VERSION = "v1alpha1";
    public static final String KIND = "PlanetaryCluster";
    /** Annotation whose time (RFC 3339) starts a cluster that was stopped before it. */
    public static final String START = GROUP + "/start";

    /** {@code spec: {}} may be left out: everything has a default. */
    public PlanetaryClusterSpec specOrDefault() {
        return getSpec() == null ? PlanetaryClusterSpec.DEFAULT : getSpec();
    }
}
