package dev.planetary.observe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.planetary.api.PlanetaryCluster;
import dev.planetary.dask.JobsProgress;
import dev.planetary.dask.SchedulerState;
import dev.planetary.dask.Warning;
import dev.planetary.dask.WorkerState;
import dev.planetary.desired.AcceptedSpec;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.Labels;
import dev.planetary.plan.Claim;
import dev.planetary.plan.Grant;
import dev.planetary.plan.Limits;
import dev.planetary.plan.Locality;
import dev.planetary.plan.Measure;
import dev.planetary.plan.Use;
import dev.planetary.plan.Wanted;
import dev.planetary.stac.CollectionPlace;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The {@code in-} files of a golden folder: a cluster as it is found at {@link #NOW}.
 * <ul>
 * <li>{@code in-PlanetaryCluster.yaml}: the user's object, with its status of before, if it has one
 * <li>{@code in-PlanetaryCluster-before.yaml}: whose spec was accepted before the present one
 * <li>{@code in-Pod-*.yaml}: the pods it owns; {@code ${scheduler}} and {@code ${workers}} stand for the hashes in force,
 *     {@code ${scheduler-before}} and {@code ${workers-before}} for those of the spec before
 * <li>{@code in-Node-*.yaml}: the nodes that pods may be on
 * <li>{@code in-PodDisruptionBudget.yaml}: the one over its scheduler, if it is there
 * <li>{@code in-state.json}: what the scheduler says; not there: it does not answer
 * <li>{@code in-silent-since.txt}: since when it has not answered
 * <li>{@code in-calm.json}: the most workers that the scheduler had use for in the last calm period, by group
 * <li>{@code in-findings.yaml}: what stands in the way
 * <li>{@code in-limits.json}: the most that the namespace may have, by measure
 * <li>{@code in-others.yaml}: what its other clusters have of that, who want no more
 * <li>{@code in-catalogue.json}: what the STAC catalogue says: a collection's {@code region} and {@code account}, or a word
 *     ({@code NotFound}, {@code Asking}, {@code NoCatalogue}), or why it does not answer
 * <li>{@code in-trusted-ca.pem}: extra CAs that the platform trusts
 * </ul>
 */
public record Folder(Path path) {
    public static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final String DEFAULT_IMAGE = "registry.example.com/planetary/client:1.0.0";
    private static final String PRELOAD_HASH = "0a1b2c3d4e";
    private static final ObjectMapper JSON = JsonMapper.builder()
            .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
            .build();

    public static List<Folder> all(Path root) {
        try (var folders = Files.list(root)) {
            return folders.sorted().map(Folder::new).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String name() {
        return path.getFileName().toString();
    }

    public Stream<String> names(String prefix) {
        try (var files = Files.list(path)) {
            return files
                    .map(f -> f.getFileName().toString())
                    .filter(name -> name.startsWith(prefix))
                    .sorted()
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Optional<String> text(String name) {
        var file = path.resolve(name);
        try {
            return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private AcceptedSpec accepted() {
        var spec = cluster().specOrDefault();
        return acceptedBefore()
                .map(b -> b.covers(spec) ? b : b.next(spec, DEFAULT_IMAGE))
                .orElseGet(() -> AcceptedSpec.first(spec, DEFAULT_IMAGE));
    }

    public ClusterModel model() {
        var accepted = accepted();
        return new ClusterModel(
                cluster(),
                accepted,
                PRELOAD_HASH,
                trustedCa().isPresent(),
                Optional.empty(),
                Locality.of(observe(accepted)).flatMap(Locality::placement));
    }

    public ClusterObservation observe() {
        return observe(accepted());
    }

    private ClusterObservation observe(AcceptedSpec inForce) {
        var state = text("in-state.json").map(Folder::state);
        // A cluster that has pods or a status was accepted as it is, unless a spec before says otherwise.
        var accepted = acceptedBefore().or(() -> isNew() ? Optional.empty() : Optional.of(inForce));
        var pods = pods(inForce, state);
        return new ClusterObservation(
                        cluster(),
                        accepted.stream().toList(),
                        pods,
                        List.of(),
                        List.of(),
                        text("in-PodDisruptionBudget.yaml")
                                .map(t -> List.of(Serialization.unmarshal(t, PodDisruptionBudget.class)))
                                .orElse(List.of()),
                        List.of(),
                        state,
                        text("in-silent-since.txt").map(t -> Instant.parse(t.strip())),
                        text("in-calm.json").map(Folder::numbers).orElse(Map.of()),
                        NOW)
                .at(cluster().specOrDefault().located().map(_ -> whereabouts(pods)));
    }

    private Whereabouts whereabouts(List<ObservedPod> pods) {
        return new Whereabouts(
                text("in-catalogue.json").map(Folder::places).orElse(Map.of()),
                Optional.of("westeurope"),
                new NodeRegions(
                        true,
                        names("in-Node-")
                                .map(name -> Serialization.unmarshal(text(name).orElseThrow(), Node.class))
                                .map(NodeRegions::of)
                                .collect(Collectors.toSet()),
                        pods.stream()
                                .flatMap(
                                        p -> Optional.ofNullable(p.pod().getSpec())
                                                .map(PodSpec::getNodeName)
                                                .flatMap(this::node)
                                                .stream())
                                .map(NodeRegions::of)
                                .collect(Collectors.toSet())));
    }

    private static Map<String, CollectionPlace> places(String json) {
        try {
            var places = new HashMap<String, CollectionPlace>();
            JSON.readTree(json).properties().forEach(e -> places.put(e.getKey(), place(e.getValue())));
            return places;
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static CollectionPlace place(JsonNode said) {
        return switch (said.asText()) {
            case "NotFound" -> new CollectionPlace.NotFound();
            case "Asking" -> new CollectionPlace.Asking();
            case "NoCatalogue" -> new CollectionPlace.NoCatalogue();
            case String why when said.isTextual() -> new CollectionPlace.Unanswered(why);
            default ->
                new CollectionPlace.Found(
                        Optional.ofNullable(said.get("region")).map(JsonNode::asText),
                        Optional.ofNullable(said.get("account")).map(JsonNode::asText));
        };
    }

    /** Without limits as it is asked for. */
    public Wanted wanted() {
        var seen = observe();
        var model = model();
        var asked = Wanted.of(seen, model.accepted());
        var most = text("in-limits.json").map(Folder::limits).orElse(Limits.NONE);
        if (most.none()) {
            return asked;
        }
        var claims = new HashMap<String, Claim>();
        text("in-others.yaml")
                .map(t -> List.of(Serialization.unmarshal(t, Other[].class)))
                .orElse(List.of())
                .forEach(o -> claims.put(o.name, o.claim()));
        var others = List.copyOf(claims.values());
        claims.put("", Claim.of(seen, model, asked, most));
        return asked.within(Grant.all(most, claims).get(""), most, others);
    }

    private record Other(String name, String created, Use held) {
        Claim claim() {
            return new Claim(name, Instant.parse(created), false, true, Use.NONE, List.of(), held, held);
        }
    }

    public List<Finding> findings() {
        return text("in-findings.yaml")
                .map(t -> List.of(Serialization.unmarshal(t, Finding[].class)))
                .orElse(List.of());
    }

    public Optional<String> trustedCa() {
        return text("in-trusted-ca.pem");
    }

    /** Nothing was made for it yet. */
    public boolean isNew() {
        return names("in-Pod-").findAny().isEmpty() && cluster().getStatus() == null;
    }

    private PlanetaryCluster cluster() {
        return Serialization.unmarshal(text("in-PlanetaryCluster.yaml").orElseThrow(), PlanetaryCluster.class);
    }

    private Optional<AcceptedSpec> acceptedBefore() {
        return text("in-PlanetaryCluster-before.yaml")
                .map(t -> AcceptedSpec.first(
                        Serialization.unmarshal(t, PlanetaryCluster.class).specOrDefault(), DEFAULT_IMAGE));
    }

    private List<ObservedPod> pods(AcceptedSpec now, Optional<SchedulerState> state) {
        return names("in-Pod-")
                .map(name -> {
                    var pod = Serialization.unmarshal(hashed(now, text(name).orElseThrow()), Pod.class);
                    var uid = pod.getMetadata().getUid();
                    return new ObservedPod(
                            pod,
                            pod.getMetadata().getDeletionTimestamp() != null,
                            state.map(s -> s.byPod().get(uid)),
                            false,
                            state.filter(s -> s.retired().contains(uid)).isPresent(),
                            EndingNodes.leaves(pod, this::node));
                })
                .toList();
    }

    private Optional<Node> node(String name) {
        return text("in-Node-" + name + ".yaml").map(t -> Serialization.unmarshal(t, Node.class));
    }

    private String hashed(AcceptedSpec now, String pod) {
        var before = acceptedBefore().orElse(now);
        var group = Serialization.unmarshal(pod, Pod.class)
                .getMetadata()
                .getLabels()
                .getOrDefault(Labels.GROUP, "");
        return pod.replace("${scheduler}", now.schedulerHash())
                .replace("${workers}", now.workerHash(group))
                .replace("${scheduler-before}", before.schedulerHash())
                .replace("${workers-before}", before.workerHash(group));
    }

    private static SchedulerState state(String text) {
        try {
            var json = JSON.readTree(text);
            return new SchedulerState(
                    json.path("boot").asText(),
                    json.path("version").asLong(),
                    json.path("ending").asBoolean(),
                    json.path("idleSince").isNumber()
                            ? Optional.of(
                                    Instant.ofEpochSecond(json.path("idleSince").asLong()))
                            : Optional.empty(),
                    json.path("groups").asText(),
                    numbers(json.path("targets").toString()),
                    items(json.path("workers"), WorkerState.class),
                    Set.copyOf(items(json.path("retired"), String.class)),
                    items(json.path("warnings"), Warning.class),
                    JobsProgress.NONE);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Integer> numbers(String json) {
        try {
            return json.isBlank() ? Map.of() : JSON.readValue(json, new TypeReference<>() {});
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Limits limits(String json) {
        try {
            return new Limits(JSON.readValue(json, new TypeReference<Map<Measure, Long>>() {}));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static <T> List<T> items(JsonNode array, Class<T> type) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(item -> JSON.convertValue(item, type))
                .collect(Collectors.toList());
    }
}
