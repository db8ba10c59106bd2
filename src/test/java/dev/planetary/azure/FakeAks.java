package dev.planetary.azure;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * What AKS makes of requests: one cluster, its agent pools, and one operation at a time, which takes its time. Behaviour as Azure's API
 * description and AKS's documentation say it; words of errors as they are seen in the field.
 */
public final class FakeAks {
    public static final ObjectMapper JSON = new ObjectMapper();

    /** An answer; {@code body} may be empty. */
    public record Reply(int status, Map<String, String> headers, String body) {
        public static Reply of(int status, Object body) {
            return new Reply(status, Map.of(), String.valueOf(body));
        }

        public static Reply error(int status, String code, String message) {
            return of(status, failure(code, message));
        }

        public Reply with(String header, String value) {
            var all = new TreeMap<>(headers);
            all.put(header, value);
            return new Reply(status, all, body);
        }
    }

    /** Why an operation that was accepted fails. */
    public record Failure(String code, String message) {}

    /** Something under way. */
    private static final class Operation {
        final String id;
        final String pool;
        final String kind;
        long until;
        Optional<Failure> failure = Optional.empty();
        boolean over;

        Operation(String id, String pool, String kind, long until) {
            this.id = id;
            this.pool = pool;
            this.kind = kind;
            this.until = until;
        }
    }

    private final Map<String, ObjectNode> pools = new LinkedHashMap<>();
    private final Map<String, Operation> operations = new LinkedHashMap<>();
    private final List<String> made = new ArrayList<>();
    private final AtomicInteger etags = new AtomicInteger();
    private Duration duration = Duration.ofMillis(60);
    private int collisions;
    private String clusterState = "Succeeded";
    private String power = "Running";
    private Function<String, Optional<Failure>> failures = _ -> Optional.empty();

    /** How long operations take. */
    public synchronized void take(Duration time) {
        duration = time;
    }

    /** What is under way is over. */
    public synchronized void finish() {
        operations.values().forEach(o -> o.until = System.nanoTime());
        settle();
    }

    /** From now on, by kind of operation (Creating, Updating, Deleting). */
    public synchronized void fail(Function<String, Optional<Failure>> how) {
        failures = how;
    }

    public synchronized void cluster(String provisioningState, String powerState) {
        clusterState = provisioningState;
        power = powerState;
    }

    /** Names of pools that were ever made, one for each making. */
    public synchronized List<String> made() {
        return List.copyOf(made);
    }

    /** A pool as it is now. */
    public synchronized Optional<ObjectNode> pool(String name) {
        settle();
        return Optional.ofNullable(pools.get(name)).map(ObjectNode::deepCopy);
    }

    /** How often something was asked for while another operation was under way. */
    public synchronized int collisions() {
        return collisions;
    }

    public synchronized List<String> names() {
        settle();
        return List.copyOf(pools.keySet());
    }

    /** How many machines each pool is to have; a pool that is on its way out has none. */
    public synchronized Map<String, Integer> counts() {
        settle();
        var counts = new LinkedHashMap<String, Integer>();
        pools.forEach((name, pool) -> {
            if (!properties(pool).path("provisioningState").asText().equals("Deleting")) {
                counts.put(name, properties(pool).path("count").asInt());
            }
        });
        return counts;
    }

    /** The autoscaler's doing, or that of Azure, which takes machines back: no operation, and no other state of the pool. */
    public synchronized void count(String name, int machines) {
        properties(pools.get(name)).put("count", machines);
    }

    /** Somebody else's doing, at once. */
    public synchronized void put(String name, ObjectNode properties) {
        pools.put(name, stamped(name, properties.put("provisioningState", "Succeeded")));
    }

    public synchronized Reply getCluster(String id) {
        settle();
        var cluster = JSON.createObjectNode().put("id", id).put("location", "westeurope");
        cluster.put("name", id.substring(id.lastIndexOf('/') + 1));
        cluster.putObject("properties")
                .put(
                        "provisioningState",
                        busy().isPresent() && clusterState.equals("Succeeded") ? "Succeeded" : clusterState)
                .putObject("powerState")
                .put("code", power);
        return Reply.of(200, cluster);
    }

    public synchronized Reply list() {
        settle();
        var answer = JSON.createObjectNode();
        var value = answer.putArray("value");
        pools.values().forEach(value::add);
        return Reply.of(200, answer);
    }

    public synchronized Reply get(String name) {
        settle();
        return pools.containsKey(name) ? Reply.of(200, pools.get(name)) : notFound(name);
    }

    public synchronized Reply put(String name, ObjectNode body, String ifMatch, String ifNoneMatch) {
        settle();
        var present = pools.get(name);
        var wanted = (ObjectNode) body.get("properties");
        var refusal = refused(name, present, wanted, ifMatch, ifNoneMatch);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        var kind = present == null ? "Creating" : "Updating";
        if (present == null) {
            made.add(name);
        }
        var pool = stamped(name, filled(wanted, present).put("provisioningState", kind));
        pools.put(name, pool);
        return Reply.of(present == null ? 201 : 200, pool).with("operation", begin(name, kind));
    }

    public synchronized Reply delete(String name, String ifMatch) {
        settle();
        var present = pools.get(name);
        if (present == null) {
            return Reply.of(204, "");
        }
        if (properties(present).path("provisioningState").asText().equals("Deleting")) {
            return Reply.of(202, "")
                    .with("operation", operations.keySet().iterator().next());
        }
        if (ifMatch != null && !ifMatch.equals(etag(present))) {
            return changed();
        }
        var busy = occupied();
        if (busy.isPresent()) {
            return busy.get();
        }
        properties(present).put("provisioningState", "Deleting");
        return Reply.of(202, "").with("operation", begin(name, "Deleting"));
    }

    public synchronized Reply operation(String id) {
        settle();
        var operation = operations.get(id);
        if (operation == null) {
            return Reply.error(404, "NotFound", "no such operation");
        }
        var answer = JSON.createObjectNode().put("name", id);
        answer.put("status", !operation.over ? "InProgress" : operation.failure.isPresent() ? "Failed" : "Succeeded");
        operation.failure.ifPresent(
                f -> answer.putObject("error").put("code", f.code).put("message", f.message));
        return Reply.of(200, answer);
    }

    private Optional<Reply> refused(
            String name, ObjectNode present, ObjectNode wanted, String ifMatch, String ifNoneMatch) {
        if (!name.matches("[a-z][a-z0-9]{0,11}")) {
            return Optional.of(Reply.error(400, "InvalidParameter", "The name of agentPool " + name + " is invalid."));
        }
        if (ifMatch != null && present == null) {
            return Optional.of(Reply.error(400, "InvalidParameter", "if … create, do not provide ETag"));
        }
        if (ifMatch != null && !ifMatch.equals(etag(present)) || "*".equals(ifNoneMatch) && present != null) {
            return Optional.of(changed());
        }
        var busy = occupied();
        if (busy.isPresent()) {
            return busy;
        }
        if (present != null && !fixed(present).equals(fixedIn(wanted))) {
            return Optional.of(Reply.error(
                    400, "PropertyChangeNotAllowed", "Changing property 'properties.vmSize' is not allowed."));
        }
        var count = wanted.path("count").asInt();
        if (count < wanted.path("minCount").asInt()
                || count > wanted.path("maxCount").asInt()) {
            return Optional.of(Reply.error(400, "InvalidParameter", "count is not between minCount and maxCount"));
        }
        return Optional.empty();
    }

    private Optional<Reply> occupied() {
        if (!power.equals("Running")) {
            return Optional.of(Reply.error(
                    400,
                    "OperationNotAllowed",
                    "managed cluster is in Stopped state, no operations except start are allowed"));
        }
        return busy().map(this::collision);
    }

    private Reply collision(Operation o) {
        collisions++;
        return Reply.error(
                409,
                "OperationNotAllowed",
                "Operation is not allowed: Another agentpool operation (%s on %s) is in progress, please wait for it to finish"
                        .formatted(o.kind, o.pool));
    }

    private Optional<Operation> busy() {
        return operations.values().stream().filter(o -> !o.over).findFirst();
    }

    private String begin(String pool, String kind) {
        var id = "op-" + (operations.size() + 1);
        var operation = new Operation(id, pool, kind, System.nanoTime() + duration.toNanos());
        operation.failure = failures.apply(kind);
        operations.put(id, operation);
        return id;
    }

    /** What is over by now. */
    private void settle() {
        for (var operation : operations.values()) {
            if (!operation.over && System.nanoTime() >= operation.until) {
                operation.over = true;
                end(operation, pools.get(operation.pool));
            }
        }
    }

    private void end(Operation operation, ObjectNode pool) {
        var properties = properties(pool);
        properties.remove("status");
        if (operation.failure.isPresent()) {
            var why = operation.failure.get();
            properties.put("provisioningState", "Failed");
            properties.putObject("status").set("provisioningError", detailed(why));
        } else if (operation.kind.equals("Deleting")) {
            pools.remove(operation.pool);
            return;
        } else {
            properties.put("provisioningState", "Succeeded");
        }
        properties.put("eTag", "e" + etags.incrementAndGet());
    }

    /** As Azure nests what went wrong. */
    private static ObjectNode detailed(Failure why) {
        var error = JSON.createObjectNode()
                .put("code", "ReconcileVMSSAgentPoolFailed")
                .put("message", "see details");
        error.putArray("details").addObject().put("code", why.code).put("message", why.message);
        return error;
    }

    private ObjectNode stamped(String name, ObjectNode properties) {
        var pool = JSON.createObjectNode().put("id", "…/agentPools/" + name).put("name", name);
        pool.set("properties", properties.put("eTag", "e" + etags.incrementAndGet()));
        return pool;
    }

    /** What AKS adds by itself. */
    private static ObjectNode filled(ObjectNode wanted, ObjectNode present) {
        var pool = wanted.deepCopy();
        pool.put("maxPods", 110).put("osDiskType", "Ephemeral").put("orchestratorVersion", "1.34.4");
        if (pool.path("scaleSetPriority").asText().equals("Spot")) {
            object(pool, "nodeLabels").put("kubernetes.azure.com/scalesetpriority", "spot");
            var taint = "kubernetes.azure.com/scalesetpriority=spot:NoSchedule";
            var taints = pool.withArray("nodeTaints");
            if (!taints.toString().contains(taint)) {
                taints.add(taint);
            }
        }
        if (present != null) {
            pool.put(
                    "count",
                    wanted.path("count").asInt(properties(present).path("count").asInt()));
        }
        return pool;
    }

    private static ObjectNode object(ObjectNode in, String name) {
        return in.get(name) instanceof ObjectNode there ? there : in.putObject(name);
    }

    private static List<String> fixed(ObjectNode pool) {
        return fixedIn(properties(pool));
    }

    private static List<String> fixedIn(ObjectNode properties) {
        return List.of(
                properties.path("vmSize").asText(),
                properties.path("scaleSetPriority").asText("Regular"),
                properties.path("spotMaxPrice").toString(),
                properties.path("availabilityZones").toString(),
                properties.path("osDiskSizeGB").toString());
    }

    public static ObjectNode properties(ObjectNode pool) {
        return (ObjectNode) pool.get("properties");
    }

    private static String etag(ObjectNode pool) {
        return properties(pool).path("eTag").asText();
    }

    private static Reply changed() {
        return Reply.error(412, "EtagMismatch", "The ETag does not match the one of the resource.");
    }

    private static Reply notFound(String name) {
        return Reply.error(404, "NotFound", "The resource agentPools/" + name + " was not found.");
    }

    private static ObjectNode failure(String code, String message) {
        var body = JSON.createObjectNode();
        body.putObject("error").put("code", code).put("message", message);
        return body;
    }
}
