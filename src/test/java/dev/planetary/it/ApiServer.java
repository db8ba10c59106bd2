package dev.planetary.it;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real API server for a test class: a client, our CRDs, and a namespace of the class's own.
 *
 * <pre>{@code @RegisterExtension static final ApiServer api = new ApiServer();}</pre>
 *
 * <p>The server is the one whose kubeconfig the system property {@value #KUBECONFIG} names. It may be etcd and API server
 * alone: then no controller empties namespaces, so each class gets a new name and the old ones are left as they end up.
 */
public final class ApiServer implements BeforeAllCallback, AfterAllCallback {
    /** Set by {@code make test}. */
    public static final String KUBECONFIG = "planetary.it.kubeconfig";

    private static final Path CRDS = Path.of("deploy/crds");
    private static final String FIELD_MANAGER = "planetary-tests";

    private Connection connection;
    private String namespace;

    public KubernetesClient client() {
        return connection.client;
    }

    /** As {@link #client()}, for what is to come from another user agent or is to be closed by the test. */
    public KubernetesClient newClient() {
        return Clients.of(config()).build();
    }

    public String namespace() {
        return namespace;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        connection = context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .computeIfAbsent(Connection.class, _ -> new Connection(), Connection.class);
        namespace = context.getRequiredTestClass().getSimpleName().toLowerCase(Locale.ROOT) + "-"
                + UUID.randomUUID().toString().substring(0, 8);
        client().resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .endMetadata()
                        .build())
                .create();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (namespace != null) {
            client().namespaces().withName(namespace).delete();
        }
    }

    /** The committed CRDs; beside them lies a kustomization. */
    public static List<Path> crdFiles() {
        try (var files = Files.list(CRDS)) {
            return files.filter(f -> f.toString().endsWith("-v1.yaml")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Config config() {
        String file = System.getProperty(KUBECONFIG, "");
        if (file.isBlank()) {
            throw new IllegalStateException(
                    "This test wants a Kubernetes API server: run `make test`, which starts one and names its"
                            + " kubeconfig in the system property " + KUBECONFIG);
        }
        if (!Files.isReadable(Path.of(file))) {
            throw new IllegalStateException("The kubeconfig " + file + " of the system property " + KUBECONFIG
                    + " cannot be read: run `make test`, which starts an API server and writes it");
        }
        return new ConfigBuilder(Config.fromKubeconfig(new File(file)))
                .withRequestTimeout(30_000)
                .build();
    }

    /** One per JVM: the client, and the CRDs installed. JUnit closes it at the end. */
    private static final class Connection implements AutoCloseable {
        private final KubernetesClient client = Clients.of(config()).build();

        Connection() {
            try {
                crdFiles().forEach(this::install);
            } catch (RuntimeException e) {
                client.close();
                throw e;
            }
        }

        private void install(Path file) {
            var crd = client.getKubernetesSerialization().unmarshal(text(file), CustomResourceDefinition.class);
            Crds.install(client, crd, FIELD_MANAGER);
        }

        @Override
        public void close() {
            client.close();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
