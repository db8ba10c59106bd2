package dev.planetary.apply;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.desired.Labels;
import dev.planetary.observe.ObservedPod;
import dev.planetary.status.Finding;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FieldValidateable.Validation;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes and deletes a cluster's objects. Every object is made by POST, under a name that follows from the cluster, and
 * strictly: a misspelt field of a template is an error, not left out. What is already there is read live and taken only if its controller is this very cluster.
 */
public final class Applier {
    private static final Logger LOG = LoggerFactory.getLogger(Applier.class);

    private final KubernetesClient client;
    private final RecentWrites recent;

    public Applier(KubernetesClient client, RecentWrites recent) {
        this.client = client;
        this.recent = recent;
    }

    public Outcome create(HasMetadata owner, HasMetadata wanted) {
        try {
            var answer =
                    client.resource(wanted).fieldValidation(Validation.STRICT).create();
            return done(owner, LeanAnswers.completed(wanted, answer));
        } catch (KubernetesClientException e) {
            return Refusal.alreadyExists(e)
                    ? existing(owner, wanted)
                    : new Outcome.NotDone(Refusal.of(nameOf(wanted), e));
        }
    }

    /** Asks the API server what it would say to an object, without making it. Empty: it would take it, or cannot tell. */
    public Optional<Finding> wouldRefuse(HasMetadata wanted) {
        try {
            client.resource(wanted)
                    .dryRun(true)
                    .fieldValidation(Validation.STRICT)
                    .create();
            return Optional.empty();
        } catch (KubernetesClientException e) {
            var finding = Refusal.of(nameOf(wanted), e);
            return Refusal.alreadyExists(e) || !finding.permanent() ? Optional.empty() : Optional.of(finding);
        }
    }

    /**
     * Replaces an object by a changed copy of what was seen of it: its uid and resourceVersion go along, so that neither somebody
     * else's object nor a change that was not seen is overwritten.
     */
    public Optional<Finding> update(HasMetadata changed) {
        try {
            client.resource(changed).update();
            return Optional.empty();
        } catch (KubernetesClientException e) {
            return e.getCode() == 409 ? Optional.empty() : Optional.of(Refusal.of(nameOf(changed), e));
        }
    }

    /** The same, and what came of it, for those whose next step rests on it. */
    public Outcome replace(HasMetadata changed) {
        try {
            return new Outcome.Done(client.resource(changed).update());
        } catch (KubernetesClientException e) {
            return new Outcome.NotDone(
                    e.getCode() == 409 || e.getCode() == 404
                            ? new Finding(false, "Waiting", nameOf(changed) + " changed while it was to be renewed")
                            : Refusal.of(nameOf(changed), e));
        }
    }

    /** Whether a spec is still what the cache shows: asked before something is lost on account of it. */
    public boolean isCurrent(HasMetadata cached) {
        return isCurrent(client, cached);
    }

    /** The same. */
    public static boolean isCurrent(KubernetesClient client, HasMetadata cached) {
        var live = client.resource(cached).get();
        return live != null
                && live.getMetadata().getUid().equals(cached.getMetadata().getUid())
                && live.getMetadata()
                        .getGeneration()
                        .equals(cached.getMetadata().getGeneration());
    }

    /** Deletes a cluster; Kubernetes clears up what it owns. */
    public void delete(PlanetaryCluster cluster) {
        Deletion.ifThere(client, cluster);
    }

    /**
     * The same, but only as it was seen: whoever has asked for it meanwhile, be it by an annotation, keeps it.
     *
     * @return whether it goes
     */
    public boolean deleteUnchanged(PlanetaryCluster seen) {
        try {
            Deletion.of(client, seen, seen.getPlural(), options -> options.editPreconditions()
                    .withResourceVersion(seen.getMetadata().getResourceVersion())
                    .endPreconditions());
            return true;
        } catch (KubernetesClientException e) {
            if (!Deletion.nothingToDo(e)) {
                throw e;
            }
            return false;
        }
    }

    /**
     * Deletes a pod as it was seen: only that uid, and, if it had not started, only while nothing about it has changed, so that a
     * stale cache never kills a pod that has begun to work.
     */
    public Optional<Finding> delete(PlanetaryCluster cluster, ObservedPod seen) {
        var meta = seen.pod().getMetadata();
        try {
            Deletion.of(client, seen.pod(), "pods", options -> options.editPreconditions()
                    .withResourceVersion(seen.started() ? null : meta.getResourceVersion())
                    .endPreconditions());
        } catch (KubernetesClientException e) {
            if (e.getCode() == 409) {
                return Optional.of(
                        new Finding(false, "Waiting", meta.getName() + " changed while it was to be deleted"));
            }
            if (e.getCode() != 404) {
                return Optional.of(new Finding(
                        false, "ApiServerError", "%s not deleted yet: %s".formatted(meta.getName(), Refusal.words(e))));
            }
        }
        recent.deleted(cluster.getMetadata().getUid(), meta.getUid());
        return Optional.empty();
    }

    /** Deletes something that nobody mounts or reads any more; if that fails, the next pass does it. */
    public void deleteUnused(HasMetadata seen) {
        try {
            Deletion.ifThere(client, seen);
        } catch (KubernetesClientException e) {
            LOG.atInfo().addKeyValue("object", nameOf(seen)).log("not removed yet: {}", Refusal.words(e));
        }
    }

    /** The same, of what is known by its name only: it may be that of a cluster made anew. */
    public void deleteUnused(HasMetadata owner, HasMetadata named) {
        Optional.ofNullable(client.resource(named).get())
                .filter(live -> Labels.owns(owner, live))
                .ifPresent(this::deleteUnused);
    }

    private Outcome existing(HasMetadata owner, HasMetadata wanted) {
        var live = client.resource(wanted).get();
        if (live == null) {
            return new Outcome.NotDone(new Finding(false, "Waiting", nameOf(wanted) + " is being deleted"));
        }
        if (Labels.owns(owner, live)) {
            return live.getMetadata().getDeletionTimestamp() == null
                    ? done(owner, live)
                    : new Outcome.NotDone(new Finding(false, "Waiting", nameOf(wanted) + " is being deleted"));
        }
        var other = Labels.controller(live);
        // A name is unique among its kind: another uid under our name is what was here before, and Kubernetes clears
        // up after it.
        if (other.filter(o -> o.getKind().equals(owner.getKind())
                        && o.getName().equals(owner.getMetadata().getName()))
                .isPresent()) {
            return new Outcome.NotDone(new Finding(
                    false,
                    "Waiting",
                    "%s of the %s that had this name before is being deleted"
                            .formatted(nameOf(wanted), owner instanceof PlanetaryCluster ? "cluster" : "job")));
        }
        return new Outcome.NotDone(new Finding(
                true,
                "NameTaken",
                "%s exists and belongs to %s: delete or rename it, or make the %s under another name"
                        .formatted(
                                nameOf(wanted),
                                other.map(o -> o.getKind() + " " + o.getName()).orElse("somebody else"),
                                owner instanceof PlanetaryCluster ? "cluster" : "job")));
    }

    private Outcome done(HasMetadata owner, HasMetadata live) {
        recent.created(owner.getMetadata().getUid(), live);
        return new Outcome.Done(live);
    }

    private static String nameOf(HasMetadata object) {
        return object.getKind() + " " + object.getMetadata().getName();
    }
}
