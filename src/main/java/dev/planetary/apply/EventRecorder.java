package dev.planetary.apply;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells users what happened, as Events of their cluster, job or node pool. An event that cannot be written is logged and not missed. */
public final class EventRecorder {
    private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
    /** The API's own bound on a note, in bytes. */
    private static final int LONGEST = 1024;

    private static final String CUT = "…";
    /** Where the API server wants events about what has no namespace. */
    private static final String OF_THE_CLUSTER = "default";

    private final KubernetesClient client;
    private final Clock clock;
    private final Executor executor;
    private final String instance;

    /** @param instance which operator reports, such as its pod's name */
    public EventRecorder(KubernetesClient client, Clock clock, Executor executor, String instance) {
        this.client = client;
        this.clock = clock;
        this.executor = executor;
        this.instance = instance;
    }

    public void normal(HasMetadata about, String reason, String note) {
        record(about, "Normal", reason, note);
    }

    public void warning(HasMetadata about, String reason, String note) {
        record(about, "Warning", reason, note);
    }

    /** By whole characters: half a one is none. */
    static String bounded(String note) {
        var bytes = note.getBytes(UTF_8);
        if (bytes.length <= LONGEST) {
            return note;
        }
        var end = LONGEST - CUT.getBytes(UTF_8).length;
        while ((bytes[end] & 0xC0) == 0x80) {
            end--;
        }
        return new String(bytes, 0, end, UTF_8) + CUT;
    }

    private void record(HasMetadata about, String type, String reason, String note) {
        var meta = about.getMetadata();
        var event = new EventBuilder()
                .withNewMetadata()
                .withGenerateName(meta.getName() + "-")
                .withNamespace(meta.getNamespace() == null ? OF_THE_CLUSTER : meta.getNamespace())
                .endMetadata()
                .withEventTime(new MicroTime(MICROS.format(clock.instant())))
                .withReportingController("planetary.dev/operator")
                .withReportingInstance(instance)
                .withAction("Reconcile")
                .withReason(reason)
                .withType(type)
                .withNote(bounded(note))
                .withNewRegarding()
                .withApiVersion(about.getApiVersion())
                .withKind(about.getKind())
                .withName(meta.getName())
                .withNamespace(meta.getNamespace())
                .withUid(meta.getUid())
                .endRegarding()
                .build();
        executor.execute(() -> {
            try {
                client.resource(event).create();
            } catch (RuntimeException e) {
                LOG.atInfo()
                        .addKeyValue("object", meta.getName())
                        .log("event {} not written: {}", reason, e.getMessage());
            }
        });
    }
}
