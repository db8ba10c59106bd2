package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.e2e.AuditLog.Request;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.RoleRef;
import java.time.Instant;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;

/** The operator's own pod and rights. Last of all, for it looks back at what the operator did in the other tests. */
@Isolated("looks back at all other tests")
@Order(200)
class RightsE2E {
    private static final long MEMORY = 512L << 20;

    @RegisterExtension
    static final RealCluster REAL = new RealCluster();

    @Test
    void everyRightIsUsedAndNoneIsMissing() {
        // Given: since this build of it was deployed, for it lists only when it starts, and a test starts it anew
        var begin = Instant.parse(REAL.client()
                .apps()
                .replicaSets()
                .inNamespace(DeployedOperator.NAMESPACE)
                .withName(
                        operator().getMetadata().getOwnerReferences().getFirst().getName())
                .get()
                .getMetadata()
                .getCreationTimestamp());
        var granted = role().getRules().stream()
                .flatMap(rule -> rule.getApiGroups().stream().flatMap(group -> rule.getResources().stream()
                        .flatMap(resource -> rule.getVerbs().stream().map(verb -> right(verb, group, resource)))))
                .collect(Collectors.toCollection(TreeSet::new));

        // When
        var requests = AuditLog.since(begin);
        // A refusal is a use of a right that is granted (pod security, a namespace that ends), or one that is missing.
        var used = requests.stream().map(Request::right).collect(Collectors.toCollection(TreeSet::new));

        // Then
        System.out.println("The operator used " + used);
        assertThat(granted)
                .as("granted in deploy/manifests/base/rbac.yaml, and used")
                .containsExactlyElementsOf(used);
    }

    @Test
    void theRoleHasNoWildcardAndIsTheOnlyOne() {
        assertThat(role().getRules())
                .allSatisfy(rule -> assertThat(Stream.of(rule.getApiGroups(), rule.getResources(), rule.getVerbs())
                                .flatMap(List::stream))
                        .doesNotContain("*"));
        assertThat(roles()).extracting(RoleRef::getName).containsExactly(DeployedOperator.NAME);
    }

    @Test
    void theOperatorsPodIsRestrictedAndCannotWriteToItsRoot() {
        var namespace =
                REAL.client().namespaces().withName(DeployedOperator.NAMESPACE).get();
        assertThat(namespace.getMetadata().getLabels())
                .containsEntry("pod-security.kubernetes.io/enforce", "restricted");
        assertThat(operator().getSpec().getContainers())
                .extracting(Container::getSecurityContext)
                .allSatisfy(s -> assertThat(s.getReadOnlyRootFilesystem()).isTrue());
        assertThat(REAL.exec(operator(), "sh", "-c", "touch /app/x").output()).contains("Read-only file system");
        assertThat(REAL.exec(operator(), "id", "-u").output().strip()).isEqualTo("1000");
    }

    @Test
    void theOperatorStayedWithinItsMemoryAndNeverDied() {
        var operator = operator();
        var limit = operator.getSpec()
                .getContainers()
                .getFirst()
                .getResources()
                .getLimits()
                .get("memory");
        assertThat(limit.getNumericalAmount().longValueExact()).isEqualTo(MEMORY);

        // The most it had in memory since its start; the page cache, which can be given back, left out.
        var peak = REAL.exec(operator, "sh", "-c", "sed -n 's/^VmHWM:[[:space:]]*\\([0-9]*\\) kB/\\1/p' /proc/1/status")
                .output()
                .strip();
        System.out.printf("The operator had at most %d MiB of memory%n", Long.parseLong(peak) >> 10);
        assertThat(Long.parseLong(peak) << 10).isLessThan(MEMORY);
        assertThat(operator.getStatus().getContainerStatuses()).allMatch(c -> c.getRestartCount() == 0);
    }

    private static Pod operator() {
        return REAL.operator().pod();
    }

    private static ClusterRole role() {
        return REAL.client()
                .rbac()
                .clusterRoles()
                .withName(DeployedOperator.NAME)
                .get();
    }

    /** Every role that is given to the operator's service account, anywhere. */
    private static List<RoleRef> roles() {
        var rbac = REAL.client().rbac();
        return Stream.concat(
                        rbac.clusterRoleBindings().list().getItems().stream()
                                .filter(b -> operators(b.getSubjects()))
                                .map(b -> b.getRoleRef()),
                        rbac.roleBindings().inAnyNamespace().list().getItems().stream()
                                .filter(b -> operators(b.getSubjects()))
                                .map(b -> b.getRoleRef()))
                .toList();
    }

    private static boolean operators(List<io.fabric8.kubernetes.api.model.rbac.Subject> subjects) {
        return subjects != null
                && subjects.stream()
                        .anyMatch(s -> "ServiceAccount".equals(s.getKind())
                                && DeployedOperator.NAME.equals(s.getName())
                                && DeployedOperator.NAMESPACE.equals(s.getNamespace()));
    }

    private static String right(String verb, String group, String resource) {
        return new Request(Instant.EPOCH, verb, group, resource, "", "", 0).right();
    }
}
