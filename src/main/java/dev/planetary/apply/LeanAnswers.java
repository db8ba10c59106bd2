package dev.planetary.apply;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;

/**
 * Has the API server answer creations, and updates of a status, with the object's metadata alone: the rest was just sent, comes back by a
 * watch anyway, and both ends pay for it by the byte.
 */
public final class LeanAnswers implements Interceptor {
    /** Refusals are answered as a Status in any case. */
    private static final String METADATA =
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
        var path = request.uri().getPath();
        if (request.method().equals("POST") || request.method().equals("PUT") && path.endsWith("/status")) {
            builder.setHeader("Accept", METADATA);
        }
    }

    /** What was sent, as it is now: with uid, resourceVersion and times. */
    static <T extends HasMetadata> T completed(T sent, HasMetadata answer) {
        sent.setMetadata(answer.getMetadata());
        return sent;
    }
}
