package dev.planetary.telemetry;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.ByteBuffer;
import java.util.List;

/** Counts the operator's requests to the API server by verb, resource and answer; names and namespaces are left out. */
public final class RequestMeters implements Interceptor {
    private final MeterRegistry registry;
    private final ControlLoop loop;

    public RequestMeters(MeterRegistry registry, ControlLoop loop) {
        this.registry = registry;
        this.loop = loop;
    }

    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
        if (ApiRequest.of(request).verb().equals("watch")) {
            loop.watching(request.uri().getPath());
        }
    }

    @Override
    public void after(HttpRequest request, HttpResponse<?> response, AsyncBody.Consumer<List<ByteBuffer>> consumer) {
        count(request, String.valueOf(response.code()));
    }

    @Override
    public void afterConnectionFailure(HttpRequest request, Throwable failure) {
        count(request, "none");
    }

    private void count(HttpRequest request, String code) {
        var asked = ApiRequest.of(request);
        Counter.builder("planetary.kubernetes.requests")
                .description("Requests to the API server; code none: no answer")
                .tags("verb", asked.verb(), "resource", asked.resource(), "code", code)
                .register(registry)
                .increment();
    }
}
