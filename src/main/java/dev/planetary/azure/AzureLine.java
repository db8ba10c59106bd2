package dev.planetary.azure;

import com.azure.core.credential.TokenCredential;
import com.azure.core.http.HttpClient;
import com.azure.identity.WorkloadIdentityCredentialBuilder;
import dev.planetary.settings.AzureSettings;
import dev.planetary.tls.OutsideTrust;
import java.util.Optional;

/** Puts the way to Azure together, as the settings say. */
public final class AzureLine {
    private AzureLine() {}

    /** By workload identity and nothing else: no secret, and no other identity that happens to be at hand. */
    public static AgentPools of(AzureSettings settings) {
        var http = ArmPipeline.client(OutsideTrust.context(settings.caFile()));
        return of(settings, http, identity(http));
    }

    private static TokenCredential identity(HttpClient http) {
        try {
            return new WorkloadIdentityCredentialBuilder().httpClient(http).build();
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException(
                    "this pod has no workload identity (AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE):"
                            + " is it switched on for the AKS cluster, and has the ServiceAccount its annotation? (docs/azure.md)",
                    e);
        }
    }

    static AgentPools of(AzureSettings settings, HttpClient http, TokenCredential credential) {
        if (!"https".equals(settings.endpoint().getScheme())) {
            throw new IllegalStateException("planetary.azure.endpoint must begin with https://: a token goes there");
        }
        return new ArmAgentPools(
                ArmPipeline.of(http, credential, settings.endpoint()),
                settings.endpoint().toString(),
                required(settings.subscriptionId(), "subscription-id"),
                required(settings.resourceGroup(), "resource-group"),
                required(settings.clusterName(), "cluster-name"));
    }

    private static String required(Optional<String> value, String name) {
        return value.filter(it -> !it.isBlank())
                .orElseThrow(() -> new IllegalStateException(
                        "planetary.azure." + name + " is missing: say which AKS cluster this is (docs/azure.md)"));
    }
}
