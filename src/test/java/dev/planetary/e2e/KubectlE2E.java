package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What people type. */
class KubectlE2E {
    @RegisterExtension
    final RealCluster real = new RealCluster();

    @Test
    void waitsListsAndLogsByTheNamesThatTheDocsGive() {
        // Given
        real.applySmall("c", 1);
        real.applyJob(
                "j",
                """
                clusterRef: {name: c}
                script: |
                  import time
                  from dask.distributed import Client
                  def slowly(numbers):
                      time.sleep(2)  # the scheduler tells how far it is once a second
                      return sum(numbers)
                  with Client() as client:
                      print("the sum is", client.submit(slowly, range(10)).result())
                """
                        + RealCluster.SMALL_RUNNER);

        // Then it can be waited for
        assertThat(real.kubectl("wait", "--for=condition=Ready", "plc/c", "--timeout=120s"))
                .contains("planetarycluster.planetary.dev/c condition met");
        assertThat(real.kubectl("wait", "--for=condition=Complete", "plj/j", "--timeout=120s"))
                .contains("planetaryjob.planetary.dev/j condition met");
        assertThat(real.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "planetaryjob/j", "--timeout=5s"))
                .contains("condition met");
        // And listed, by category and by short names
        assertThat(real.kubectl("get", "planetary").lines())
                .anyMatch(line -> line.startsWith("planetarycluster.planetary.dev/c "))
                .anyMatch(line -> line.startsWith("planetaryjob.planetary.dev/j "));
        assertThat(words(real.kubectl("get", "plc").lines().toList()))
                .startsWith(
                        List.of("NAME", "PHASE", "WORKERS", "READY", "REASON", "AGE"),
                        List.of("c", "Running", "1", "1", "Running"));
        assertThat(words(real.kubectl("get", "plj").lines().toList()))
                .startsWith(
                        List.of("NAME", "PHASE", "PROGRESS", "ATTEMPTS", "CLUSTER", "REASON", "AGE"),
                        List.of("j", "Succeeded", "100", "1", "c", "Completed"));
        // And its log is found by its name
        assertThat(real.kubectl("logs", "--selector=planetary.dev/job=j", "--tail=-1"))
                .contains("the sum is 45");
    }

    /** Words of each line; the age, which is nobody's to foretell, left out. */
    private static List<List<String>> words(List<String> table) {
        return table.stream()
                .map(line -> List.of(line.strip().split("\\s+")))
                .map(row -> row.getLast().matches("\\d.*") ? row.subList(0, row.size() - 1) : row)
                .toList();
    }
}
