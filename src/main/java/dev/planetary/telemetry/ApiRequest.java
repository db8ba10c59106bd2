package dev.planetary.telemetry;

import io.fabric8.kubernetes.client.http.HttpRequest;
import java.util.List;
import java.util.Optional;

/**
 * A request to the API server as RBAC sees it.
 *
 * @param resource with its subresource; "other" for what is no resource
 */
record ApiRequest(String verb, String resource) {

    static ApiRequest of(HttpRequest request) {
        return of(
                request.method(),
                request.uri().getPath(),
                Optional.ofNullable(request.uri().getQuery()).orElse(""));
    }

    static ApiRequest of(String method, String path, String query) {
        var parts = List.of(path.replaceFirst("^/+", "").split("/"));
        // api/v1/… or apis/GROUP/VERSION/…
        var after = parts.getFirst().equals("api") ? 2 : parts.getFirst().equals("apis") ? 3 : parts.size();
        if (parts.size() <= after) {
            return new ApiRequest(method.toLowerCase(java.util.Locale.ROOT), "other");
        }
        var rest = parts.subList(after, parts.size());
        var within = rest.size() > 2 && rest.getFirst().equals("namespaces") ? rest.subList(2, rest.size()) : rest;
        var resource = within.getFirst() + (within.size() > 2 ? "/" + within.get(2) : "");
        return new ApiRequest(verb(method, within.size() > 1, query), resource);
    }

    private static String verb(String method, boolean named, String query) {
        return switch (method) {
            case "GET" -> query.contains("watch=true") ? "watch" : named ? "get" : "list";
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            case "DELETE" -> named ? "delete" : "deletecollection";
            default -> "other";
        };
    }
}
