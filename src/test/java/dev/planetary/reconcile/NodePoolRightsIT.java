package dev.planetary.reconcile;

import static dev.planetary.reconcile.PoolFlow.SPOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.it.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the role azure may do in Kubernetes is what it does. */
class NodePoolRightsIT {
    @RegisterExtension
    static final ApiServer API = new ApiServer();

    @RegisterExtension
    final PoolFlow flow = new PoolFlow(API);

    @Test
    void the_rights_of_the_manifests_are_enough_and_all_are_used() throws IOException {
        flow.stop();
        var rules = grant("role-azure");
        flow.restartAs("role-azure");

        flow.apply("a", SPOT);
        flow.await("a", "Ready: AsAsked");
        flow.change("a", "maxNodes: 3");
        flow.await("a", "Ready: AsAsked");
        flow.pool("a").delete();
        flow.await("a", "gone");
        Flow.until().until(() -> flow.events("a").contains("Deleting"));
        byKarpenter();

        var used =
                flow.wire().sent().stream().map(NodePoolRightsIT::right).collect(Collectors.toCollection(TreeSet::new));
        var granted = rules.stream()
                .flatMap(rule -> rule.getResources().stream()
                        .flatMap(what -> rule.getVerbs().stream().map(verb -> verb + " " + what)))
                .collect(Collectors.toCollection(TreeSet::new));
        // The SDK reads the object anew where its finalizer was not taken at first.
        used.add("get planetarynodepools");
        // Server-side apply of what is not there yet.
        used.addAll(List.of("create nodepools", "create aksnodeclasses"));
        assertThat(used).isEqualTo(granted);
    }

    private void byKarpenter() {
        var karpenter = new KarpenterByHand(flow);
        flow.apply("k", "mode: Karpenter, vmSize: Standard_D8s_v5, maxNodes: 20");
        flow.await("k", "Updating: KarpenterNotReady");
        flow.pool("k").delete();
        Flow.until().until(() -> karpenter.nodePool("k").getMetadata().getDeletionTimestamp() != null);
        karpenter.letsGo(karpenter.nodePool("k"));
        Flow.until().until(() -> karpenter.nodeClass("k").getMetadata().getDeletionTimestamp() != null);
        karpenter.letsGo(karpenter.nodeClass("k"));
        flow.await("k", "gone");
    }

    private static String right(Wire.Sent sent) {
        var parts = List.of(sent.path().replaceFirst("/namespaces/[^/]+", "").split("/"));
        var what = parts.get(4) + (parts.size() > 6 ? "/" + parts.get(6) : "");
        var verb =
                switch (sent.method()) {
                    case "GET" -> sent.query().contains("watch=true") ? "watch" : parts.size() > 5 ? "get" : "list";
                    case "POST" -> "create";
                    case "PUT" -> "update";
                    default -> sent.method().toLowerCase(Locale.ROOT);
                };
        return verb + " " + what;
    }

    /** The rules of the role azure, for a user. */
    private List<PolicyRule> grant(String user) throws IOException {
        var rules = Stream.of(Files.readString(Path.of("deploy/manifests/azure/rbac.yaml"))
                        .split("(?m)^---$"))
                .<HasMetadata>map(
                        yaml -> flow.client().getKubernetesSerialization().unmarshal(yaml))
                .filter(o ->
                        o instanceof ClusterRole && o.getMetadata().getName().equals("planetary-azure"))
                .map(ClusterRole.class::cast)
                .findFirst()
                .orElseThrow()
                .getRules();
        var meta = new ObjectMetaBuilder().withName(user).build();
        List.of(
                        new ClusterRoleBuilder()
                                .withMetadata(meta)
                                .withRules(rules)
                                .build(),
                        new ClusterRoleBindingBuilder()
                                .withMetadata(meta)
                                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", user)
                                .addNewSubject("rbac.authorization.k8s.io", "User", user, null)
                                .build())
                .forEach(o -> flow.client().resource(o).forceConflicts().serverSideApply());
        return rules;
    }
}
