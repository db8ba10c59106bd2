package dev.planetary.reconcile;

import dev.planetary.apply.Applier;
import dev.planetary.apply.EventRecorder;
import dev.planetary.apply.RecentWrites;
import dev.planetary.apply.StatusWriter;
import dev.planetary.dask.SchedulerClient;
import dev.planetary.dask.SchedulerWatch;
import dev.planetary.settings.OperatorSettings;
import dev.planetary.stac.HttpCatalogue;
import dev.planetary.telemetry.Telemetry;
import dev.planetary.tls.Authorities;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * What the cluster reconciler is put together from; one place for production and for tests with other ports.
 *
 * @param refusals creations that the API server refused
 * @param flapping pods that end as soon as they are made
 * @param sasUrl   where pods get their Planetary Computer tokens
 * @param forget   drops all that is remembered of a cluster's uid
 */
record ClusterParts(
        Observer observer,
        Calm calm,
        Acceptance acceptance,
        Groundwork groundwork,
        PlanExecutor executor,
        Applier applier,
        Identities identities,
        Attempts refusals,
        Attempts flapping,
        RecentWrites recent,
        StatusWriter statuses,
        Expiration expiration,
        Announcer announcer,
        SchedulerWatch watch,
        SchedulerEvents schedulerEvents,
        ClusterBoard board,
        ProgressFeed progress,
        NodeEvents nodeEvents,
        DataPlaces places,
        DataEvents dataEvents,
        NodePools nodePools,
        Shares shares,
        Preloads preloads,
        TrustedCa trustedCa,
        Optional<String> sasUrl,
        Telemetry telemetry,
        Consumer<String> forget,
        Clock clock) {

    /** @param instance names this operator in events */
    static ClusterParts of(
            KubernetesClient client,
            OperatorSettings settings,
            SchedulerClient schedulers,
            SchedulerWatch watch,
            Clock clock,
            Executor executor,
            String instance,
            Telemetry telemetry) {
        var image = settings.clientImage()
                .orElseThrow(() -> new IllegalStateException(
                        "planetary.client-image is not set: say which image clusters have that name none"));
        var recent = new RecentWrites(clock);
        var parallel = new Parallel(executor);
        var applier = new Applier(client, recent);
        var identities = new Identities(new Secrets(client, applier), parallel, settings, clock);
        var refusals = new Attempts(clock);
        var flapping = new Attempts(clock);
        var calm = new Calm(settings.scaleDownAfter());
        var statuses = new StatusWriter(client, clock);
        var events = new EventRecorder(client, clock, executor, instance);
        var announcer = new Announcer(events, telemetry);
        var acceptance = new Acceptance(applier, image, identities, clock);
        var preloads = Preloads.load();
        var nodeEvents = new NodeEvents(settings.nodeWatch());
        var shares = new Shares(NamespaceLimits.of(settings.limits()), image, clock);
        var trustedCa = TrustedCa.read(client, settings);
        var places = new DataPlaces(
                settings.stacUrl()
                        .map(url -> new HttpCatalogue(
                                address("planetary.stac-url", url),
                                Authorities.andAlso(trustedCa.bundle()),
                                settings.stacTimeout())),
                nodeEvents,
                settings.dataRegion(),
                clock,
                executor,
                telemetry);
        var dataEvents = new DataEvents(places, nodeEvents);
        var board = new ClusterBoard(watch);
        var progress = new ProgressFeed();
        Consumer<String> forget = uid -> {
            watch.forget(uid);
            board.forget(uid);
            recent.forget(uid);
            statuses.forget(uid);
            identities.forget(uid);
            refusals.forget(uid);
            flapping.forget(uid);
            acceptance.forget(uid);
            announcer.forget(uid);
            calm.forget(uid);
            shares.forget(uid);
            telemetry.forget(uid);
        };
        return new ClusterParts(
                new Observer(recent, watch, nodeEvents, dataEvents, calm, clock),
                calm,
                acceptance,
                new Groundwork(applier, identities, preloads, trustedCa, settings.namespace(), parallel),
                new PlanExecutor(applier, schedulers, recent, events, parallel, telemetry),
                applier,
                identities,
                refusals,
                flapping,
                recent,
                statuses,
                new Expiration(applier, statuses, schedulers, events),
                announcer,
                watch,
                new SchedulerEvents(watch, board, progress, forget),
                board,
                progress,
                nodeEvents,
                places,
                dataEvents,
                new NodePools(client, settings.nodeWatch(), clock),
                shares,
                preloads,
                trustedCa,
                settings.sasUrl().map(url -> address("planetary.sas-url", url)),
                telemetry,
                forget,
                clock);
    }

    private static String address(String setting, String url) {
        if (!url.matches("https?://[^/?#\\s]+(/[^?#\\s]*)?")) {
            throw new IllegalStateException(
                    setting + " is no address: it begins with http:// or https://, and has no query");
        }
        return url.replaceFirst("/+$", "");
    }

    void forget(String clusterUid) {
        forget.accept(clusterUid);
    }
}
