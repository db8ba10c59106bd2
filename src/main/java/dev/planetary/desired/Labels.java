package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Labels, annotations and owner references by which the operator knows its objects. */
public final class Labels {
    public static final String MANAGED_BY = "app.kubernetes.io/managed-by";
    public static final String NAME = "app.kubernetes.io/name";
    public static final String COMPONENT = "app.kubernetes.io/component";
    public static final String OPERATOR = "planetary-operator";
    public static final String CLUSTER = PlanetaryCluster.GROUP + "/cluster";
    public static final String GROUP = PlanetaryCluster.GROUP + "/group";
    /** On pods of users: lets them reach the cluster of that name. */
    public static final String CLIENT_OF = PlanetaryCluster.GROUP + "/client-of";

    /** On all that belongs to a job: its name. */
    public static final String JOB = PlanetaryCluster.GROUP + "/job";

    public static final String RUNNER = "runner";
    public static final String SCHEDULER = "scheduler";
    public static final String WORKER = "worker";
    /** Annotation: hash of the accepted spec a pod was made from. */
    public static final String SPEC_HASH = PlanetaryCluster.GROUP + "/spec-hash";
    /** What kind of node a worker was made for, where its group may use spot nodes: {@link #SPOT} or {@link #REGULAR}. */
    public static final String CAPACITY = PlanetaryCluster.GROUP + "/capacity";

    public static final String SPOT = "spot";
    public static final String REGULAR = "regular";
    /** Annotation: whether the cluster autoscaler may take the pod from its node. */
    static final String SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict";
    /** What belongs to the operator's clusters. */
    public static final String SELECTOR = MANAGED_BY + "=" + OPERATOR + ",!" + JOB;
    /** What belongs to its jobs. */
    public static final String OF_JOBS = MANAGED_BY + "=" + OPERATOR + "," + JOB;

    private Labels() {}

    /** Labels of everything that belongs to a cluster. */
    public static Map<String, String> of(String cluster) {
        return Map.of(MANAGED_BY, OPERATOR, NAME, "dask", CLUSTER, cluster);
    }

    public static Map<String, String> scheduler(String cluster) {
        return with(of(cluster), COMPONENT, SCHEDULER);
    }

    public static Map<String, String> worker(String cluster, String group) {
        return with(with(of(cluster), COMPONENT, WORKER), GROUP, group);
    }

    /** A worker of a group that may use spot nodes. */
    static Map<String, String> worker(String cluster, String group, String capacity) {
        return with(worker(cluster, group), CAPACITY, capacity);
    }

    /** {@code status.workers.selector}: the pods of a group as a label selector. */
    public static String workerSelector(String cluster, String group) {
        return CLUSTER + "=" + cluster + "," + COMPONENT + "=" + WORKER + "," + GROUP + "=" + group;
    }

    /** Labels of a job's objects. */
    public static Map<String, String> ofJob(String job) {
        return Map.of(MANAGED_BY, OPERATOR, NAME, "dask", JOB, job);
    }

    /** A runner; as a client of its cluster it passes the NetworkPolicy. */
    public static Map<String, String> runner(String job, String cluster) {
        return with(runners(cluster), JOB, job);
    }

    /** What the runners of all jobs on a cluster have in common. */
    static Map<String, String> runners(String cluster) {
        return Map.of(MANAGED_BY, OPERATOR, NAME, "dask", COMPONENT, RUNNER, CLIENT_OF, cluster);
    }

    /** A controller reference; without {@code blockOwnerDeletion}, which would need a right on finalizers for nothing. */
    public static OwnerReference owner(HasMetadata owner) {
        return new OwnerReferenceBuilder()
                .withApiVersion(owner.getApiVersion())
                .withKind(owner.getKind())
                .withName(owner.getMetadata().getName())
                .withUid(owner.getMetadata().getUid())
                .withController(true)
                .build();
    }

    /** What all objects of a cluster have in common: where they are, what they are labelled, whose they are. */
    static ObjectMeta owned(PlanetaryCluster cluster, String name) {
        return new ObjectMetaBuilder()
                .withName(name)
                .withNamespace(cluster.getMetadata().getNamespace())
                .withLabels(of(cluster.getMetadata().getName()))
                .withOwnerReferences(owner(cluster))
                .build();
    }

    /** The controller of an object, if it has one. */
    public static Optional<OwnerReference> controller(HasMetadata object) {
        var owners = object.getMetadata().getOwnerReferences();
        return owners == null
                ? Optional.empty()
                : owners.stream()
                        .filter(o -> Boolean.TRUE.equals(o.getController()))
                        .findFirst();
    }

    /** Ours only if the controller's uid is this owner's: names and labels can be anybody's. */
    public static boolean owns(HasMetadata owner, HasMetadata object) {
        return controller(object)
                .filter(o -> o.getUid().equals(owner.getMetadata().getUid()))
                .isPresent();
    }

    private static Map<String, String> with(Map<String, String> labels, String key, String value) {
        var all = new TreeMap<>(labels);
        all.put(key, value);
        return all;
    }
}
