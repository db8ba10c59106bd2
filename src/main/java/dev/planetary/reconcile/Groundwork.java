package dev.planetary.reconcile;

import dev.planetary.apply.Applier;
import dev.planetary.apply.Outcome;
import dev.planetary.desired.AcceptedSpec;
import dev.planetary.desired.ClusterConfigMaps;
import dev.planetary.desired.ClusterModel;
import dev.planetary.desired.ClusterNetworkPolicy;
import dev.planetary.desired.RunnersNetworkPolicy;
import dev.planetary.desired.SchedulerBudget;
import dev.planetary.desired.SchedulerService;
import dev.planetary.observe.ClusterObservation;
import dev.planetary.plan.Eviction;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/** What must be there before the first pod: the accepted spec, Secrets, ConfigMaps, Services, NetworkPolicies. */
final class Groundwork {
    private final Applier applier;
    private final Identities identities;
    private final Preloads preloads;
    private final TrustedCa trustedCa;
    private final String operatorNamespace;
    private final Parallel parallel;

    Groundwork(
            Applier applier,
            Identities identities,
            Preloads preloads,
            TrustedCa trustedCa,
            String operatorNamespace,
            Parallel parallel) {
        this.applier = applier;
        this.identities = identities;
        this.preloads = preloads;
        this.trustedCa = trustedCa;
        this.operatorNamespace = operatorNamespace;
        this.parallel = parallel;
    }

    /** @return what stands in the way */
    List<Finding> lay(ClusterObservation seen, ClusterModel model) {
        var tasks = new ArrayList<Callable<Optional<Finding>>>();
        tasks.add(() -> identities.ensure(model));
        if (seen.accepted().stream()
                .noneMatch(a -> a.number() == model.accepted().number())) {
            tasks.add(() -> revision(model));
        }
        if (named(seen.configMaps(), model.names().preload(model.preloadHash())).isEmpty()) {
            tasks.add(() -> create(model, ClusterConfigMaps.preload(model, preloads.files())));
        }
        trustedCa.bundle().ifPresent(bundle -> tasks.add(() -> trusted(seen, model, bundle)));
        tasks.add(() -> service(seen, model, SchedulerService.of(model)));
        SchedulerService.external(model).ifPresent(wanted -> tasks.add(() -> service(seen, model, wanted)));
        ClusterNetworkPolicy.of(model, operatorNamespace)
                .ifPresent(wanted -> tasks.add(() -> networkPolicy(seen, model, wanted)));
        if (!seen.jobs().isEmpty()) {
            RunnersNetworkPolicy.of(model).ifPresent(wanted -> tasks.add(() -> networkPolicy(seen, model, wanted)));
        }
        if (Eviction.of(seen).rule() == Eviction.Rule.REFUSED) {
            tasks.add(() -> budget(seen, model, SchedulerBudget.of(model)));
        }
        return parallel.all(tasks).stream().flatMap(Optional::stream).toList();
    }

    /** Whether the programs of jobs find what is to be there before them. */
    static boolean isLaidForRunners(ClusterObservation seen, ClusterModel model) {
        return RunnersNetworkPolicy.of(model).isEmpty()
                || named(seen.policies(), model.names().runnersNetworkPolicy()).isPresent();
    }

    /**
     * Removes what the spec no longer asks for (load balancer, NetworkPolicies), what kept an idle scheduler from eviction, what no pod mounts (old
     * preloads) and no rollback wants (accepted specs but the last two).
     */
    void clear(ClusterObservation seen, ClusterModel model) {
        if (SchedulerService.external(model).isEmpty()) {
            named(seen.services(), model.names().externalService()).ifPresent(applier::deleteUnused);
        }
        if (!ClusterNetworkPolicy.isWanted(model)) {
            seen.policies().forEach(applier::deleteUnused);
        }
        if (Eviction.of(seen).rule() == Eviction.Rule.ALLOWED) {
            named(seen.budgets(), model.names().schedulerBudget()).ifPresent(applier::deleteUnused);
        }
        seen.unmounted(model.names().preload("")).stream()
                .filter(c -> !c.getMetadata().getName().equals(model.names().preload(model.preloadHash())))
                .forEach(applier::deleteUnused);
        seen.accepted().stream()
                .skip(2)
                .map(a -> a.toRevision(model.cluster()))
                .forEach(revision -> applier.deleteUnused(model.cluster(), revision));
    }

    /** Under this number another spec may have been kept by a pass whose write we have not seen yet: that one is in force. */
    private Optional<Finding> revision(ClusterModel model) {
        return switch (applier.create(model.cluster(), model.accepted().toRevision(model.cluster()))) {
            case Outcome.Done(ControllerRevision live)
            when !AcceptedSpec.of(live).equals(model.accepted()) ->
                Optional.of(new Finding(false, "Waiting", "another accepted spec is being read"));
            case Outcome.Done _ -> Optional.empty();
            case Outcome.NotDone(var finding) -> Optional.of(finding);
        };
    }

    private Optional<Finding> service(ClusterObservation seen, ClusterModel model, Service wanted) {
        var there = named(seen.services(), wanted.getMetadata().getName());
        return there.isEmpty()
                ? create(model, wanted)
                : SchedulerService.says(there.get(), wanted)
                        ? Optional.empty()
                        : applier.update(SchedulerService.onto(there.get(), wanted));
    }

    private Optional<Finding> networkPolicy(ClusterObservation seen, ClusterModel model, NetworkPolicy wanted) {
        var there = named(seen.policies(), wanted.getMetadata().getName());
        return there.isEmpty()
                ? create(model, wanted)
                : ClusterNetworkPolicy.says(there.get(), wanted)
                        ? Optional.empty()
                        : applier.update(ClusterNetworkPolicy.onto(there.get(), wanted));
    }

    private Optional<Finding> budget(ClusterObservation seen, ClusterModel model, PodDisruptionBudget wanted) {
        var there = named(seen.budgets(), wanted.getMetadata().getName());
        return there.isEmpty()
                ? create(model, wanted)
                : SchedulerBudget.says(there.get(), wanted)
                        ? Optional.empty()
                        : applier.update(SchedulerBudget.onto(there.get(), wanted));
    }

    private Optional<Finding> trusted(ClusterObservation seen, ClusterModel model, String bundle) {
        var wanted = ClusterConfigMaps.trustedCa(model, bundle);
        var there = named(seen.configMaps(), wanted.getMetadata().getName());
        return there.isEmpty()
                ? create(model, wanted)
                : wanted.getData().equals(there.get().getData())
                        ? Optional.empty()
                        : applier.update(new ConfigMapBuilder(there.get())
                                .withData(wanted.getData())
                                .build());
    }

    private Optional<Finding> create(ClusterModel model, HasMetadata object) {
        return applier.create(model.cluster(), object).problem();
    }

    private static <T extends HasMetadata> Optional<T> named(List<T> objects, String name) {
        return objects.stream()
                .filter(o -> o.getMetadata().getName().equals(name))
                .findFirst();
    }
}
