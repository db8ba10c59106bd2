package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.planetary.api.PlanetaryCluster;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A computation that outlives its tokens, an outage of the token service and a broker. Broker and token service are the test's own: the
 * manifests as shipped, in the test's namespace, and a profile of the stand-in, so that nobody else is disturbed. Most of its time is
 * waiting; {@code -Dplanetary.e2e.signing.life=90 -Dplanetary.e2e.signing.seconds=360} makes it longer.
 */
@Order(1)
class SigningE2E {
    private static final int LIFE = Integer.getInteger("planetary.e2e.signing.life", 75);
    private static final int SECONDS = Integer.getInteger("planetary.e2e.signing.seconds", 225);
    /** What the broker renews ahead of the end, of lives this short. */
    private static final double MARGIN = 60 + (LIFE - 60) / 3.0;

    private static final int REPLICAS = 2;
    private static final String BROKER = "planetary-sas-broker";
    private static final String KEY = "a-key-that-must-not-be-seen";

    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void workersReadForManyLivesOfATokenThroughAnOutageAndTheLossOfABroker() throws Exception {
        // Given
        var begin = Instant.now();
        var address = broker();
        real.apply(
                "sky",
                """
                workers:
                  replicas: 4
                  threads: 1
                  resources: {requests: {cpu: 20m, memory: 192Mi}, limits: {memory: 700Mi}}
                scheduler:
                  resources: {requests: {cpu: 20m, memory: 192Mi}, limits: {memory: 700Mi}}
                env:
                - {name: PC_SDK_SAS_URL, value: "%1$s/api/sas/v1/token"}
                - {name: VSICURL_PC_SAS_TOKEN_URL, value: "%1$s/api/sas/v1/token/"}
                """
                        .formatted(address));
        real.awaitReady("sky");
        var pod = real.clientPod("sky");
        var settings = "http://control.planetary-computer.svc:8080/settings?profile=%s&token_seconds=%d&key=%s"
                .formatted(real.namespace(), LIFE, KEY);
        assertThat(real.python(pod, "import urllib.request as r; print(r.urlopen('" + settings + "').read())")
                        .exitCode())
                .isZero();

        // When
        real.upload(pod, Path.of("src/test/resources/e2e/signing.py"));
        var program = "import sys; sys.argv[1:] = ['%s', '%s', '%d', '%d']\nexec(open('/planetary/signing.py').read())"
                .formatted(address, real.namespace(), LIFE, SECONDS);
        String result;
        try (var reading = real.talk(pod, program)) {
            reading.await("begin");
            for (var second = 15; second <= SECONDS; second += 15) {
                reading.await("second-" + second);
                if (second >= SECONDS * 4 / 5 && second - 15 < SECONDS * 4 / 5) {
                    real.kill(brokers().getFirst());
                }
            }
            result = reading.await("result");
        }

        // Then
        var told = new ObjectMapper().readTree(result);
        var most = REPLICAS * (int) Math.ceil(told.get("seconds").asDouble() / (LIFE - MARGIN)) + 1;
        System.out.println("SigningE2E: life " + LIFE + " s, at most " + most + " requests: " + result);
        assertThat(told.get("asked").asInt()).isBetween(2, most);
        assertThat(told.get("by").asInt()).as("brokers that asked").isBetween(1, REPLICAS + 1);
        assertThat(told.get("reads").asInt()).isGreaterThan(SECONDS / 2);
        var said = new ArrayList<>(objects());
        said.addAll(real.events(""));
        said.add(real.operator().log(begin));
        real.client().pods().inNamespace(real.namespace()).list().getItems().stream()
                .map(this::log)
                .forEach(said::add);
        assertThat(said).allSatisfy(text -> assertThat(text).doesNotContain("sig=", KEY));
        assertThat(said).as("what was searched has the logs").anyMatch(text -> text.contains("handing out tokens of"));
    }

    /** The broker as it is shipped, asking for tokens of the test's own life. */
    private String broker() {
        var client = real.client();
        var image = container(client.apps()
                        .deployments()
                        .inNamespace(DeployedOperator.NAMESPACE)
                        .withName(BROKER)
                        .get())
                .getImage();
        client.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName("planetary-computer-key")
                        .withNamespace(real.namespace())
                        .endMetadata()
                        .addToStringData("subscription-key", KEY)
                        .build())
                .create();
        real.createTrusted();
        for (var yaml : RealCluster.read(Path.of("deploy/manifests/base/sas-broker.yaml"))
                .split("(?m)^---$")) {
            HasMetadata object = client.getKubernetesSerialization().unmarshal(yaml);
            object.getMetadata().setNamespace(real.namespace());
            if (object instanceof Deployment deployment) {
                mine(deployment, image);
            }
            client.resource(object).create();
        }
        client.apps()
                .deployments()
                .inNamespace(real.namespace())
                .withName(BROKER)
                .waitUntilCondition(
                        d -> Integer.valueOf(REPLICAS).equals(d.getStatus().getReadyReplicas()),
                        RealCluster.PATIENCE.toSeconds(),
                        TimeUnit.SECONDS);
        return "http://" + BROKER + "." + real.namespace() + ".svc";
    }

    private void mine(Deployment deployment, String image) {
        var container = container(deployment);
        container.setImage(image);
        container
                .getEnv()
                .addAll(List.of(
                        env(
                                "PLANETARY_SAS_UPSTREAM",
                                "https://planetarycomputer.microsoft.com/api/sas/" + real.namespace()),
                        env("PLANETARY_SAS_CA_FILE", "/etc/planetary/ca/ca.crt")));
        container
                .getVolumeMounts()
                .add(new VolumeMountBuilder()
                        .withName("ca")
                        .withMountPath("/etc/planetary/ca")
                        .build());
        deployment
                .getSpec()
                .getTemplate()
                .getSpec()
                .getVolumes()
                .add(new VolumeBuilder()
                        .withName("ca")
                        .withNewConfigMap()
                        .withName("trusted")
                        .endConfigMap()
                        .build());
    }

    private List<Pod> brokers() {
        return real.client()
                .pods()
                .inNamespace(real.namespace())
                .withLabel("app.kubernetes.io/name", BROKER)
                .list()
                .getItems();
    }

    /** All that others may read: no Secrets. */
    private List<String> objects() {
        var client = real.client();
        var namespace = real.namespace();
        return Stream.of(
                        client.resources(PlanetaryCluster.class)
                                .inNamespace(namespace)
                                .list()
                                .getItems(),
                        client.pods().inNamespace(namespace).list().getItems(),
                        // The preloads speak of tokens.
                        client.configMaps().inNamespace(namespace).list().getItems().stream()
                                .filter(c -> !c.getMetadata().getName().contains("-preload-"))
                                .toList(),
                        client.apps()
                                .controllerRevisions()
                                .inNamespace(namespace)
                                .list()
                                .getItems(),
                        client.events()
                                .v1()
                                .events()
                                .inNamespace(namespace)
                                .list()
                                .getItems())
                .map(items -> client.getKubernetesSerialization().asYaml(items))
                .toList();
    }

    private String log(Pod pod) {
        return real.client()
                .pods()
                .inNamespace(real.namespace())
                .withName(pod.getMetadata().getName())
                .getLog();
    }

    private static Container container(Deployment deployment) {
        return deployment.getSpec().getTemplate().getSpec().getContainers().getFirst();
    }

    private static EnvVar env(String name, String value) {
        return new EnvVarBuilder().withName(name).withValue(value).build();
    }
}
