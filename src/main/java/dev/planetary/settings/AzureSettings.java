package dev.planetary.settings;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Settings of the role azure: PLANETARY_AZURE_SUBSCRIPTION_ID and so on. No other role reads one of them. */
@ConfigMapping(prefix = "planetary.azure")
public interface AzureSettings {

    /** The subscription of the AKS cluster. The role does not start without it. */
    Optional<String> subscriptionId();

    /** The resource group of the AKS cluster. Required as well. */
    Optional<String> resourceGroup();

    /** Name of the AKS cluster whose agent pools these are: the one this runs in. Required as well. */
    Optional<String> clusterName();

    /** Azure Resource Manager. */
    @WithDefault("https://management.azure.com/")
    URI endpoint();

    /** A file with certificate authorities (PEM) that are trusted beside the public ones, for company proxies. */
    Optional<Path> caFile();

    /** Between two looks at Azure while something is being changed there. */
    @WithDefault("PT30S")
    Duration poll();

    /** Between two looks at Azure else: so long it takes until a change by others, or another number of nodes, is told. */
    @WithDefault("PT2M")
    Duration rest();
}
