package dev.planetary.settings;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Settings of the SAS broker: PLANETARY_SAS_UPSTREAM and so on. An operator reads none of them. */
@ConfigMapping(prefix = "planetary.sas")
public interface BrokerSettings {

    /** The SAS API that tokens come from, without a slash at the end. */
    @WithDefault("https://planetarycomputer.microsoft.com/api/sas/v1")
    URI upstream();

    /** A file with the subscription key. Unset, or no such file: none is sent. Then upstream must be https. */
    Optional<Path> keyFile();

    /** A file with certificate authorities (PEM) that are trusted beside the public ones when upstream is asked. */
    Optional<Path> caFile();

    /** Storage accounts that tokens are handed out for. Unset: all that upstream knows. */
    Optional<List<String>> accounts();

    /** Collections that tokens are handed out for by their id. Unset: all; none where {@link #accounts} are set. */
    Optional<List<String>> collections();

    /** What hosts of blobs end with, after the account's name. */
    @WithDefault(".blob.core.windows.net")
    String blobSuffix();
}
