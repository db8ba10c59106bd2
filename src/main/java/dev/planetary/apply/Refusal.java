package dev.planetary.apply;

import dev.planetary.status.Finding;
import io.fabric8.kubernetes.client.KubernetesClientException;

/** Reads the API server's refusals: what only a change of the spec cures, and what time may. */
final class Refusal {
    private Refusal() {}

    static boolean alreadyExists(KubernetesClientException e) {
        return e.getCode() == 409
                && e.getStatus() != null
                && "AlreadyExists".equals(e.getStatus().getReason());
    }

    static Finding of(String object, KubernetesClientException e) {
        var words = words(e);
        return switch (e.getCode()) {
            case 400, 422 -> new Finding(true, "Invalid", "the API server refuses %s: %s".formatted(object, words));
            case 403 -> forbidden(object, words);
            case 404 -> new Finding(false, "NamespaceGone", "the namespace is not there (any more): " + words);
            default -> new Finding(false, "ApiServerError", "%s not created yet: %s".formatted(object, words));
        };
    }

    /** The API server's own message, or the client's. */
    static String words(KubernetesClientException e) {
        return e.getStatus() != null && e.getStatus().getMessage() != null
                ? e.getStatus().getMessage()
                : String.valueOf(e.getMessage());
    }

    private static Finding forbidden(String object, String words) {
        if (words.contains("violates PodSecurity")) {
            return new Finding(
                    true, "PodSecurity", "the namespace's pod security refuses %s: %s".formatted(object, words));
        }
        if (words.contains("exceeded quota")) {
            return new Finding(false, "QuotaExceeded", "%s not created yet: %s".formatted(object, words));
        }
        return new Finding(false, "Forbidden", "%s not created yet: %s".formatted(object, words));
    }
}
