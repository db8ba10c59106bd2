package dev.planetary.it;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.planetary.apply.ApiConnections;
import dev.planetary.apply.LeanObjects;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.vertx.core.Vertx;

/**
 * Clients of an API server. They share what is dear to make: threads, which a client would make of its own and not end, and what Jackson
 * finds out about each kind of object.
 */
public final class Clients {
    private static final HttpClient.Factory HTTP = new ApiConnections(Vertx.vertx());
    private static final KubernetesSerialization ALL = new KubernetesSerialization();
    private static final KubernetesSerialization LEAN = lean();

    private Clients() {}

    /** A test's own, which reads all of an object. */
    public static KubernetesClientBuilder of(Config server) {
        return builder(server, ALL);
    }

    /** As an operator has it. */
    public static KubernetesClientBuilder ofOperator(Config server) {
        return builder(server, LEAN);
    }

    /**
     * For an operator in a test, in place of the SDK's own, which ends the JVM without a word: that would be the JVM of all tests. A watch
     * that closes on an operator that died is opened again in vain.
     */
    public static void informerStopped(SharedIndexInformer<?> informer, Throwable why) {
        if (why != null && informer.hasSynced()) {
            System.err.println(informer + " goes no further: " + why);
        }
    }

    private static KubernetesClientBuilder builder(Config server, KubernetesSerialization json) {
        return new KubernetesClientBuilder()
                .withConfig(server)
                .withKubernetesSerialization(json)
                .withHttpClientFactory(HTTP);
    }

    private static KubernetesSerialization lean() {
        var json = new ObjectMapper();
        new LeanObjects().customize(json);
        return new KubernetesSerialization(json, true);
    }
}
