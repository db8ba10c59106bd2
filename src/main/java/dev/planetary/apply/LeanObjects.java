package dev.planetary.apply;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonSubTypes.Type;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryNodePool;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.quarkus.kubernetes.client.KubernetesClientObjectMapperCustomizer;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.util.Map;

/**
 * Reads of objects only what somebody here reads: each event of a watch costs less, and so does what the caches keep.
 *
 * <ul>
 *   <li>No {@code managedFields}, which are half of a small object, in maps of maps. An update that does not name them leaves them as
 *       they are.
 *   <li>Of a pod's spec neither what its containers run nor how they are guarded, of its volumes only ConfigMaps, of its status not what
 *       the spec says as well. Pods are made and deleted, never updated, so what was not read is never written.
 *   <li>What is in ConfigMaps is kept once, however many say the same: the preloads are 100 KB in each cluster.
 *   <li>The object of a watch event is read as what its kind says. The client's own way is a tree of nodes first, of all of it.
 * </ul>
 */
@Singleton
public final class LeanObjects implements KubernetesClientObjectMapperCustomizer {

    @Override
    public void customize(ObjectMapper json) {
        json.addMixIn(ObjectMeta.class, WithoutManagedFields.class);
        json.addMixIn(PodSpec.class, Placed.class);
        json.addMixIn(Container.class, Sized.class);
        json.addMixIn(Volume.class, OfAConfigMap.class);
        json.addMixIn(PodStatus.class, Reached.class);
        json.addMixIn(ContainerStatus.class, Alive.class);
        json.addMixIn(ConfigMap.class, Shared.class);
        json.addMixIn(WatchEvent.class, OfAKind.class);
    }

    @JsonIgnoreProperties("managedFields")
    private abstract static class WithoutManagedFields {}

    /** {@code allowGetters}: written as ever. */
    @JsonIgnoreProperties(
            value = {
                "affinity",
                "dnsPolicy",
                "imagePullSecrets",
                "schedulerName",
                "securityContext",
                "serviceAccount",
                "serviceAccountName",
                "topologySpreadConstraints"
            },
            allowGetters = true)
    private abstract static class Placed {}

    @JsonIgnoreProperties(
            value = {
                "args",
                "command",
                "env",
                "envFrom",
                "image",
                "imagePullPolicy",
                "lifecycle",
                "livenessProbe",
                "ports",
                "readinessProbe",
                "securityContext",
                "startupProbe",
                "terminationMessagePath",
                "terminationMessagePolicy",
                "volumeMounts"
            },
            allowGetters = true)
    private abstract static class Sized {}

    @JsonIgnoreProperties(
            value = {"csi", "downwardAPI", "emptyDir", "hostPath", "persistentVolumeClaim", "projected", "secret"},
            allowGetters = true)
    private abstract static class OfAConfigMap {}

    @JsonIgnoreProperties(
            value = {"hostIP", "hostIPs", "podIPs", "qosClass", "startTime"},
            allowGetters = true)
    private abstract static class Reached {}

    @JsonIgnoreProperties(
            value = {
                "allocatedResources",
                "allocatedResourcesStatus",
                "containerID",
                "image",
                "imageID",
                "resources",
                "stopSignal",
                "user",
                "volumeMounts"
            },
            allowGetters = true)
    private abstract static class Alive {}

    private abstract static class Shared {
        @JsonDeserialize(contentUsing = KnownText.class)
        Map<String, String> data;
    }

    static final class KnownText extends StdScalarDeserializer<String> {
        private static final long serialVersionUID = 1;

        KnownText() {
            super(String.class);
        }

        @Override
        public String deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return parser.getText().intern();
        }
    }

    /** All kinds that are watched; the client turns any other into what it expects. */
    private abstract static class OfAKind {
        @JsonTypeInfo(
                use = JsonTypeInfo.Id.NAME,
                include = JsonTypeInfo.As.EXISTING_PROPERTY,
                property = "kind",
                visible = true,
                defaultImpl = GenericKubernetesResource.class)
        @JsonSubTypes({
            @Type(name = "ConfigMap", value = ConfigMap.class),
            @Type(name = "ControllerRevision", value = ControllerRevision.class),
            @Type(name = "NetworkPolicy", value = NetworkPolicy.class),
            @Type(name = "Node", value = Node.class),
            @Type(name = "PlanetaryCluster", value = PlanetaryCluster.class),
            @Type(name = "PlanetaryJob", value = PlanetaryJob.class),
            @Type(name = "PlanetaryNodePool", value = PlanetaryNodePool.class),
            @Type(name = "Pod", value = Pod.class),
            @Type(name = "PodDisruptionBudget", value = PodDisruptionBudget.class),
            @Type(name = "Service", value = Service.class),
            @Type(name = "Status", value = Status.class)
        })
        abstract void setObject(Object object);
    }
}
