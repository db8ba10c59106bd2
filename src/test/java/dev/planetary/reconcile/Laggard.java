package dev.planetary.reconcile;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

/**
 * An API server that lags behind: informers list one kind of objects as it once was, and are told nothing of what happened since until it
 * catches up. Single objects are read as they are.
 */
final class Laggard implements Interceptor {
    private interface Delivery {
        void run() throws Exception;
    }

    private final String kind;
    private final String version;
    private final Queue<Delivery> heldBack = new ArrayDeque<>();
    private boolean caughtUp;

    /**
     * @param kind    plural, as in paths
     * @param version of a list, from when they are shown
     */
    Laggard(String kind, String version) {
        this.kind = kind;
        this.version = version;
    }

    @Override
    public synchronized void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
        var query = String.valueOf(request.uri().getRawQuery());
        if (caughtUp || !about(request) || isWatch(request)) {
            return;
        }
        var uri = request.uri().toString();
        builder.uri(URI.create(uri.substring(0, uri.indexOf('?') + 1)
                + query.replaceAll("(^|&)(resourceVersion|resourceVersionMatch|limit)=[^&]*", "")
                + "&resourceVersion=" + version + "&resourceVersionMatch=Exact"));
    }

    @Override
    public AsyncBody.Consumer<List<ByteBuffer>> consumer(
            AsyncBody.Consumer<List<ByteBuffer>> consumer, HttpRequest request) {
        return !about(request) || !isWatch(request)
                ? consumer
                : (value, body) -> deliver(() -> consumer.consume(value, body));
    }

    synchronized void catchUp() throws Exception {
        caughtUp = true;
        while (!heldBack.isEmpty()) {
            heldBack.remove().run();
        }
    }

    private synchronized void deliver(Delivery delivery) throws Exception {
        if (caughtUp) {
            delivery.run();
        } else {
            heldBack.add(delivery);
        }
    }

    /** Lists and watches of the kind. */
    private boolean about(HttpRequest request) {
        return request.method().equals("GET")
                && request.uri().getPath().endsWith("/" + kind)
                && request.uri().getRawQuery() != null;
    }

    private static boolean isWatch(HttpRequest request) {
        return request.uri().getRawQuery().contains("watch=true");
    }
}
