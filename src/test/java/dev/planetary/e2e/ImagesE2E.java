package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that were not made for restricted pod security: their users are root, or have a name only. */
class ImagesE2E {
    @RegisterExtension
    final RealCluster real = new RealCluster();

    @ParameterizedTest
    @ValueSource(strings = {"client-root", "client-named"})
    void anyImagesUserWillDo(String image) {
        // Given: they are built where images can be loaded into the cluster
        var ref = System.getProperty("planetary.e2e." + image + "-image", "");
        assumeFalse(ref.isBlank(), "image " + image + " was not built and loaded: dev/images/build " + image);

        // When
        real.applySmall("c", 1, "image: " + ref);
        real.awaitReady("c");

        // Then
        var result = real.python(
                real.clientPod("c"),
                """
                import os
                from distributed import Client
                with Client() as client:
                    print("NEW", client.submit(sum, [20, 22]).result(timeout=60), client.submit(os.getuid).result(timeout=60))
                """);
        assertThat(result.output()).contains("NEW 42 1000");
        for (var pod : Stream.concat(real.workers("c").stream(), Stream.of(real.scheduler("c")))
                .toList()) {
            assertThat(pod.getSpec().getContainers().getFirst().getImage()).contains(image);
            assertThat(real.exec(pod, "id", "-u").output().strip()).isEqualTo("1000");
        }
    }
}
