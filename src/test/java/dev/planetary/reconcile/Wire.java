package dev.planetary.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The operator's line to the API server: counts what goes over it, and breaks where a test wants it to. */
final class Wire implements Interceptor, AutoCloseable {

    /** A request, repetitions by the client's own hand included. */
    record Sent(String method, String path, String query, String body) {
        /** Before the kind of an object, in a namespace or, of node pools, in none. */
        private static final String PREFIX = "/namespaces/[^/]+/|/apis/planetary.dev/v1alpha1/(?=planetarynodepools)";

        /** Informers read so; all else is the reconciler's. */
        boolean byInformer() {
            return method.equals("GET") && query.matches(".*(watch=true|resourceVersion=|limit=).*");
        }

        boolean write() {
            return !method.equals("GET");
        }

        /** Written over and over: what matters is which kind of object was touched how. */
        String what() {
            var parts = List.of(path.split(PREFIX, 2)).getLast().split("/");
            return method + " " + parts[0] + (parts.length > 2 ? "/" + parts[2] : "");
        }

        /** The same in every run, however often, under whichever number it comes. */
        String label() {
            var parts = List.of(path.split(PREFIX, 2)).getLast().split("/");
            // What belongs to job j has a part of its uid in its name, and a node pool the test's own word.
            return what() + " "
                    + (parts.length > 1 ? parts[1] : nameInBody())
                            .replaceAll("^j-[0-9a-f]{5}", "j-<uid>")
                            .replaceAll("-r[0-9a-f]{8}$", "-<run>");
        }

        /** Events have none: their reason tells them apart. */
        private String nameInBody() {
            try {
                var object = JSON.readTree(body);
                return object.at("/metadata/name").asText(object.at("/reason").asText());
            } catch (JsonProcessingException e) {
                throw new IllegalArgumentException(body, e);
            }
        }

        @Override
        public String toString() {
            return method + " " + path;
        }

        boolean is(String wanted) {
            return what().equals(wanted);
        }
    }

    /** What happens to a request instead of being sent. */
    sealed interface Fault {
        /** The operator's process is gone: not even an error that it could work on. */
        record Dead() implements Fault {}

        record Answer(int code, String reason, String message) implements Fault {}

        /** It is done, and nobody hears of it. */
        record Lost(KubernetesClient behind, int code, String reason, String message) implements Fault {}

        /** It is done, and the operator's process is gone before it hears of it. */
        record LastDeed(KubernetesClient behind) implements Fault {}
    }

    /** A process that died does nothing more. */
    static final class Died extends RuntimeException {
        private static final long serialVersionUID = 1;

        Died() {
            super("the operator died here", null, false, false);
        }
    }

    /** Something told to a scheduler. */
    interface Word {
        void say() throws IOException;
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<Sent> sent = new CopyOnWriteArrayList<>();
    private final HttpServer faulty;
    private volatile Function<Sent, Optional<Fault>> faults = _ -> Optional.empty();
    private volatile Fault.Answer answer;
    private volatile long last = System.nanoTime();

    Wire() {
        try {
            faulty = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        faulty.createContext("/", this::refuse);
        faulty.start();
    }

    /** From now on. */
    void breaks(Function<Sent, Optional<Fault>> how) {
        faults = how;
    }

    void breaks(Predicate<Sent> which, Fault how) {
        breaks(s -> which.test(s) ? Optional.of(how) : Optional.empty());
    }

    void heals() {
        breaks(_ -> Optional.empty());
    }

    /** Everything but what informers do. */
    List<Sent> requests() {
        return sent.stream().filter(s -> !s.byInformer()).toList();
    }

    /** All of them, informers' too. */
    List<Sent> sent() {
        return List.copyOf(sent);
    }

    List<Sent> writes() {
        return sent.stream().filter(Sent::write).toList();
    }

    /** Kinds of requests and their numbers. */
    Map<String, Long> summary() {
        return requests().stream().collect(Collectors.groupingBy(Sent::what, TreeMap::new, Collectors.counting()));
    }

    void forget() {
        sent.clear();
    }

    boolean quietFor(Duration time) {
        return System.nanoTime() - last > time.toNanos();
    }

    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
        var one = new Sent(
                request.method(),
                request.uri().getPath(),
                Optional.ofNullable(request.uri().getQuery()).orElse(""),
                Optional.ofNullable(request.bodyString()).orElse(""));
        if (!one.byInformer()) {
            last = System.nanoTime();
        }
        switch (faults.apply(one).orElse(null)) {
            case null -> sent.add(one);
            case Fault.Dead _ -> throw new Died();
            case Fault.Answer a -> redirect(builder, one, a);
            case Fault.LastDeed deed -> {
                sent.add(one);
                carryOut(one, deed.behind);
                throw new Died();
            }
            case Fault.Lost l -> {
                carryOut(one, l.behind);
                redirect(builder, one, new Fault.Answer(l.code, l.reason, l.message));
            }
        }
    }

    /** Schedulers are no API servers: what they are told is not among the requests, but dies like them. */
    void tell(String what, Word word) throws IOException {
        last = System.nanoTime();
        switch (faults.apply(new Sent("POST", "/namespaces/-/scheduler/-/" + what, "", ""))
                .orElse(null)) {
            case Fault.Dead _ -> throw new Died();
            case Fault.LastDeed _ -> {
                word.say();
                throw new Died();
            }
            case null, default -> word.say();
        }
    }

    private static void carryOut(Sent one, KubernetesClient behind) {
        behind.raw(one.path + (one.query.isEmpty() ? "" : "?" + one.query), one.method, one.body);
    }

    private void redirect(BasicBuilder builder, Sent one, Fault.Answer instead) {
        sent.add(one);
        answer = instead;
        builder.uri(URI.create("http://127.0.0.1:" + faulty.getAddress().getPort() + "/"));
    }

    @Override
    public void close() {
        faulty.stop(0);
    }

    private void refuse(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            var text =
                    """
                    {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "%s", "message": "%s", "code": %d}"""
                            .formatted(answer.reason, answer.message, answer.code)
                            .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(answer.code, text.length);
            exchange.getResponseBody().write(text);
        }
    }
}
