package dev.planetary.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The committed CRD and its reference page say what the Java types say. */
class CrdTest {
    private static final Path CRD = Path.of("deploy/crds/planetaryclusters.planetary.dev-v1.yaml");
    private static final boolean GENERATE = Boolean.getBoolean("planetary.generate");

    @Test
    void committed_crd_is_what_the_types_generate() throws IOException {
        isCommitted(CRD, CrdRenderer.yaml(CrdRenderer.planetaryCluster()));
    }

    private static void isCommitted(Path file, String wanted) throws IOException {
        if (GENERATE) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, wanted);
        } else if (!Files.exists(file)) {
            fail(file + " is missing: run `make generate` (mvn -q test -Dtest=CrdTest -Dplanetary.generate=true) and commit it");
        } else {
            assertThat(Files.readString(file))
                    .as("%s is out of date: run `make generate` (mvn -q test -Dtest=CrdTest -Dplanetary.generate=true) and commit it", file)
                    .isEqualTo(wanted);
        }
    }
}
