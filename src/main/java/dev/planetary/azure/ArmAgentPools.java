package dev.planetary.azure;

import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpHeaders;
import com.azure.core.http.HttpPipeline;
import com.azure.core.http.rest.Response;
import com.azure.core.management.AzureEnvironment;
import com.azure.core.management.exception.ManagementError;
import com.azure.core.management.exception.ManagementException;
import com.azure.core.management.profile.AzureProfile;
import com.azure.core.util.Context;
import com.azure.resourcemanager.containerservice.ContainerServiceManager;
import com.azure.resourcemanager.containerservice.fluent.ContainerServiceManagementClient;
import com.azure.resourcemanager.containerservice.fluent.models.AgentPoolInner;
import com.azure.resourcemanager.containerservice.models.AgentPoolMode;
import com.azure.resourcemanager.containerservice.models.Code;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Agent pools through Azure's SDK. Its pollers are not used: their state would die with the process, and {@link #list} tells of all. */
public final class ArmAgentPools implements AgentPools {
    /** The whole of a call, the token included. */
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final ContainerServiceManagementClient arm;
    private final String group;
    private final String cluster;
    /** New pools go into the network that it is in. */
    private volatile Optional<AgentPoolInner> systemPool = Optional.empty();

    /**
     * @param pipeline repeats nothing: whether a write was done that got no answer is for the next look to tell
     * @param endpoint of Azure Resource Manager
     */
    public ArmAgentPools(HttpPipeline pipeline, String endpoint, String subscription, String group, String cluster) {
        var environment = new AzureEnvironment(Map.of("resourceManagerEndpointUrl", endpoint));
        arm = ContainerServiceManager.authenticate(pipeline, new AzureProfile(null, subscription, environment))
                .serviceClient();
        this.group = group;
        this.cluster = cluster;
    }

    @Override
    public AksCluster cluster() throws ArmException {
        var found = call(() -> arm.getManagedClusters().getByResourceGroup(group, cluster));
        return new AksCluster(
                cluster,
                found.location(),
                String.valueOf(found.provisioningState()),
                found.powerState() == null
                        || !Code.STOPPED.equals(found.powerState().code()));
    }

    @Override
    public List<AgentPool> list() throws ArmException {
        var pools = call(() ->
                arm.getAgentPools().list(group, cluster, Context.NONE).stream().toList());
        systemPool = pools.stream()
                .filter(pool -> AgentPoolMode.SYSTEM.equals(pool.mode()))
                .findFirst();
        return pools.stream().map(ArmPools::read).toList();
    }

    @Override
    public Optional<Duration> create(PoolShape wanted) throws ArmException {
        return write(arm.getAgentPools()
                .createOrUpdateWithResponseAsync(
                        group, cluster, wanted.name(), ArmPools.made(wanted, systemPool), null, "*"));
    }

    @Override
    public Optional<Duration> update(AgentPool present, PoolShape wanted) throws ArmException {
        // What AKS has filled in by itself is sent back as it is: a PUT replaces all of it.
        var live = call(() -> arm.getAgentPools().get(group, cluster, present.name()));
        return write(arm.getAgentPools()
                .createOrUpdateWithResponseAsync(
                        group, cluster, present.name(), ArmPools.changed(live, wanted), etag(present), null));
    }

    @Override
    public Optional<Duration> delete(AgentPool present) throws ArmException {
        return write(arm.getAgentPools().deleteWithResponseAsync(group, cluster, present.name(), null, etag(present)));
    }

    private static String etag(AgentPool pool) {
        return pool.etag().orElse(null);
    }

    private static Optional<Duration> write(Mono<Response<Flux<ByteBuffer>>> request) throws ArmException {
        var response = call(() -> request.block(LIMIT));
        return retryAfter(response.getHeaders());
    }

    private static <T> T call(Supplier<T> request) throws ArmException {
        try {
            return request.get();
        } catch (ManagementException e) {
            throw new ArmException(error(e));
        } catch (RuntimeException e) {
            // No answer, or none that can be read.
            throw new ArmException(new ArmError(0, "", words(e), Optional.empty()));
        }
    }

    private static ArmError error(ManagementException e) {
        var value = Optional.ofNullable(e.getValue());
        return new ArmError(
                e.getResponse().getStatusCode(),
                value.map(ManagementError::getCode).orElse(""),
                value.map(ManagementError::getMessage).orElse(""),
                retryAfter(e.getResponse().getHeaders()));
    }

    private static Optional<Duration> retryAfter(HttpHeaders headers) {
        return Optional.ofNullable(headers.getValue(HttpHeaderName.RETRY_AFTER))
                .filter(value -> value.matches("[0-9]{1,6}"))
                .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)));
    }

    /** The innermost that says something. */
    private static String words(Throwable e) {
        var words = e.getClass().getSimpleName();
        for (var cause = e; cause != null; cause = cause.getCause()) {
            words = cause.getMessage() == null ? words : cause.getMessage();
        }
        return words;
    }
}
