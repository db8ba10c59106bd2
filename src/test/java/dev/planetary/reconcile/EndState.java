package dev.planetary.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.StreamSupport;

/**
 * All that is in a namespace, in words that two runs have in common. Masked are:
 *
 * <ul>
 *   <li>the namespace's name and the cluster's uid: each run has its own. Any other uid in an owner reference stays, and stands out;
 *   <li>an object's own uid, resourceVersion, creationTimestamp and managedFields, and every time: the server's and the clock's;
 *   <li>clusterIP, clusterIPs, nodePort: given by chance;
 *   <li>keys, certificates and tokens: made by chance. Which of them are the same stays visible, and whether a certificate is of the
 *       CA beside it;
 *   <li>numbers of pods, only if asked for: where pods are replaced, which number is the lowest free one depends on how far the removal
 *       of others was; where one of several goes, it is the one whose creation was the last.
 * </ul>
 */
final class EndState {
    /** That one is there counts, not when it was. */
    private static final String TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z";

    /** Stands for the namespace of a run. */
    static final String NAMESPACE = "<namespace>";

    private static final ObjectMapper JSON = new ObjectMapper();

    private record Item(String collection, ObjectNode object) {
        String name() {
            return object.at("/metadata/name").asText();
        }
    }

    private final Flow flow;
    private final Collection<String> collections;

    /** @param collections paths of kinds of objects, such as {@code /api/v1/namespaces/<namespace>/pods} */
    EndState(Flow flow, Collection<String> collections) {
        this.flow = flow;
        this.collections = new TreeSet<>(collections);
        this.collections.add("/apis/planetary.dev/v1alpha1/namespaces/" + NAMESPACE + "/planetaryclusters");
    }

    /** Plays the garbage collector, which the bare API server lacks: what is owned by an object that is not there goes. */
    void collectGarbage() {
        var uid = clusterUid();
        for (var item : items()) {
            var owner = item.object.at("/metadata/ownerReferences/0/uid").asText(uid);
            if (!owner.equals(uid)) {
                flow.client().raw(item.collection + "/" + item.name(), "DELETE", Map.of("gracePeriodSeconds", 0));
            }
        }
    }

    List<String> words(boolean numbered) {
        var uid = clusterUid();
        var items = items();
        mask(items);
        return items.stream()
                .map(i -> i.collection.replaceFirst(".*/", "") + " " + i.object)
                .map(words -> words.replace(uid, "<the cluster's uid>").replace(flow.namespace(), NAMESPACE))
                .map(words -> words.replaceAll(TIME, "<a time>"))
                .map(words -> numbered ? words : words.replaceAll("c-(default|scheduler)-[0-9]+", "c-$1-<n>"))
                .sorted()
                .toList();
    }

    private String clusterUid() {
        var cluster = flow.cluster("c").get();
        return cluster == null ? "<no cluster>" : cluster.getMetadata().getUid();
    }

    private List<Item> items() {
        return collections.stream()
                .map(path -> path.replace(NAMESPACE, flow.namespace()))
                .flatMap(path -> StreamSupport.stream(get(path).at("/items").spliterator(), false)
                        .map(node -> new Item(path, (ObjectNode) node)))
                .sorted(Comparator.comparing(Item::collection).thenComparing(Item::name))
                .toList();
    }

    private JsonNode get(String path) {
        try {
            return JSON.readTree(flow.client().raw(path));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void mask(List<Item> items) {
        var secrets = new HashMap<String, String>();
        for (var item : items) {
            remove(item.object.at("/metadata"), "uid", "resourceVersion", "creationTimestamp", "managedFields");
            remove(item.object.at("/spec"), "clusterIP", "clusterIPs");
            item.object.at("/spec/ports").forEach(p -> remove(p, "nodePort"));
            if (item.object.at("/data") instanceof ObjectNode data) {
                if (item.collection.endsWith("/secrets")) {
                    mask(data, secrets);
                } else if (item.collection.endsWith("/configmaps")) {
                    shorten(data);
                }
            }
        }
    }

    private static void mask(ObjectNode data, Map<String, String> known) {
        var issued = data.has("ca.crt") && data.has("tls.crt")
                ? issuedBy(data.get("ca.crt").asText(), data.get("tls.crt").asText())
                : "";
        data.properties()
                .forEach(e -> e.setValue(
                        data.textNode(known.computeIfAbsent(e.getValue().asText(), _ -> "<" + known.size() + ">")
                                + (e.getKey().equals("tls.crt") ? issued : ""))));
    }

    /** Whole programs, which nobody wants to read in a test's report. */
    private static void shorten(ObjectNode data) {
        data.properties()
                .forEach(e -> e.setValue(data.numberNode(e.getValue().asText().hashCode())));
    }

    private static String issuedBy(String ca, String leaf) {
        try {
            var certificates = CertificateFactory.getInstance("X.509");
            var authority = certificates.generateCertificate(bytes(ca));
            certificates.generateCertificate(bytes(leaf)).verify(authority.getPublicKey());
            return ", of this CA";
        } catch (GeneralSecurityException e) {
            return ", not of this CA: " + e.getMessage();
        }
    }

    private static ByteArrayInputStream bytes(String base64) {
        return new ByteArrayInputStream(Base64.getDecoder().decode(base64));
    }

    private static void remove(JsonNode node, String... fields) {
        if (node instanceof ObjectNode object) {
            object.remove(List.of(fields));
        }
    }
}
