package dev.planetary.reconcile;

import dev.planetary.desired.ClusterConfigMaps;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The Python files that pods load, out of the operator's own archive.
 *
 * @param files file name to content
 * @param hash  names them
 */
record Preloads(Map<String, String> files, String hash) {
    private static final List<String> NAMES = List.of(
            "planetary_activity.py",
            "planetary_blob.py",
            "planetary_drain.py",
            "planetary_guard.py",
            "planetary_message.py",
            "planetary_nanny.py",
            "planetary_prestop.py",
            "planetary_progress.py",
            "planetary_renewal.py",
            "planetary_retire.py",
            "planetary_run.py",
            "planetary_scheduler.py",
            "planetary_secrets.py",
            "planetary_signing.py",
            "planetary_state.py",
            "planetary_target.py",
            "planetary_tls.py",
            "planetary_worker.py");

    static Preloads load() {
        var files = new TreeMap<String, String>();
        NAMES.forEach(name -> files.put(name, read("/planetary_preload/" + name)));
        return new Preloads(Map.copyOf(files), ClusterConfigMaps.hash(files));
    }

    private static String read(String resource) {
        try (var in = Preloads.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("not in the archive: " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
