package dev.planetary.plan;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.planetary.desired.ClusterConfigMaps;
import dev.planetary.desired.ClusterNetworkPolicy;
import dev.planetary.desired.Labels;
import dev.planetary.desired.SchedulerBudget;
import dev.planetary.desired.SchedulerService;
import dev.planetary.observe.Folder;
import dev.planetary.observe.ObservedPod;
import dev.planetary.status.ClusterStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * Every folder of {@code src/test/resources/golden} is a cluster as it is found ({@link Folder} tells the {@code in-} files) and what
 * the operator makes of it:
 * <ul>
 * <li>{@code out-plan.yaml}: what it does to pods, and why
 * <li>{@code out-life.yaml}: how it stands in its time, where an end is in sight or behind
 * <li>{@code out-eviction.yaml}: whether its scheduler may be evicted, where {@code scheduler.disruption} asks
 * <li>{@code out-status.yaml}: what it tells
 * <li>{@code out-<Kind>-<name>.yaml}: the objects it makes, in full while the cluster is new or its spec has changed; Secrets apart,
 *     which are random
 * </ul>
 * Texts are compared, so that a failure can be pasted back. After a change that is meant,
 * {@code dev/mvn test -Dtest=GoldenTest -Dplanetary.generate=true} writes the {@code out-} files: read the diff as you would code.
 */
class GoldenTest {
    private static final Path ROOT = Path.of("src/test/resources/golden");

    @TestFactory
    Stream<DynamicNode> folders() {
        return Folder.all(ROOT).stream().map(folder -> dynamicContainer(folder.name(), files(folder)));
    }

    private static Stream<DynamicNode> files(Folder folder) {
        return folder.names("in-PlanetaryCluster.yaml").findAny().isPresent()
                ? make(folder).tests(folder)
                : Stream.of(dynamicTest(
                        "is no empty folder", () -> fail(folder.path() + " has no in-PlanetaryCluster.yaml")));
    }

    private static Golden make(Folder folder) {
        var seen = folder.observe();
        var model = folder.model();
        var wanted = folder.wanted();
        var findings = Stream.of(folder.findings().stream(), wanted.finding().stream(), Locality.finding(seen).stream())
                .flatMap(Function.identity())
                .toList();
        var plan = ClusterPlan.of(seen, model, wanted);
        var made = new Golden();
        var life = Life.of(seen);
        if (life.recheck().isPresent()
                || life.expiry().isPresent()
                || life.stop().isPresent()) {
            made.put("out-life.yaml", life(life));
        }
        var eviction = Eviction.of(seen);
        if (seen.cluster().specOrDefault().scheduler().keptUntilIdle()) {
            made.put("out-eviction.yaml", eviction(eviction));
        }
        made.put("out-plan.yaml", plan(plan));
        made.put("out-status.yaml", ClusterStatus.of(seen, model, wanted, findings));

        var objects = new ArrayList<HasMetadata>();
        if (seen.latest().filter(model.accepted()::equals).isEmpty()) {
            objects.add(model.accepted().toRevision(model.cluster()));
            objects.addAll(plan.create());
        }
        if (folder.isNew()) {
            objects.add(SchedulerService.of(model));
            SchedulerService.external(model).ifPresent(objects::add);
            ClusterNetworkPolicy.of(model, "planetary-system").ifPresent(objects::add);
            objects.add(ClusterConfigMaps.preload(model, Map.of("planetary_worker.py", "…")));
            folder.trustedCa().ifPresent(bundle -> objects.add(ClusterConfigMaps.trustedCa(model, bundle)));
        }
        if (eviction.rule() == Eviction.Rule.REFUSED) {
            objects.add(SchedulerBudget.of(model));
        }
        objects.forEach(made::put);
        return made;
    }

    private static Map<String, Object> life(Life life) {
        var told = new LinkedHashMap<String, Object>();
        told.put("stage", life.stage());
        life.recheck().ifPresent(at -> told.put("recheck", at.toString()));
        return told;
    }

    private static Map<String, Object> eviction(Eviction eviction) {
        var told = new LinkedHashMap<String, Object>();
        told.put("rule", eviction.rule());
        eviction.recheck().ifPresent(at -> told.put("recheck", at.toString()));
        return told;
    }

    private static Map<String, Object> plan(ClusterPlan plan) {
        var told = new LinkedHashMap<String, Object>();
        told.put("create", plan.create().stream().map(GoldenTest::made).toList());
        told.put("delete", departures(plan.delete()));
        told.put("retire", departures(plan.retire()));
        told.put("keep", plan.keep().stream().map(ObservedPod::name).toList());
        told.put("waiting", plan.waiting());
        told.put("tell", plan.tell().map(t -> t.groups().keySet()).orElse(Set.of()));
        told.put("ending", plan.ending());
        plan.recheck().ifPresent(at -> told.put("recheck", at.toString()));
        return told;
    }

    /** With the kind of node it is made for, where there is a choice. */
    private static String made(Pod pod) {
        var capacity = pod.getMetadata().getLabels().get(Labels.CAPACITY);
        return pod.getMetadata().getName() + (capacity == null ? "" : " (" + capacity + ")");
    }

    private static List<Map<String, String>> departures(List<Departure> departures) {
        return departures.stream()
                .<Map<String, String>>map(d -> new TreeMap<>(
                        Map.of("pod", d.pod().name(), "reason", d.reason().name(), "message", d.message())))
                .toList();
    }
}
