package dev.planetary.azure;

import com.azure.core.credential.TokenCredential;
import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpPipeline;
import com.azure.core.http.HttpPipelineBuilder;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.core.http.policy.RequestIdPolicy;
import com.azure.core.http.policy.UserAgentPolicy;
import com.azure.core.management.http.policy.ArmChallengeAuthenticationPolicy;
import dev.planetary.tls.OutsideHttp;
import java.net.URI;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/** The way to Azure: over the JDK's own HTTP client, with a token, and without any repetition by itself. */
public final class ArmPipeline {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration ANSWER = Duration.ofSeconds(30);

    private ArmPipeline() {}

    /** @param tls whom it trusts */
    public static HttpClient client(SSLContext tls) {
        return new JdkHttpClientBuilder(OutsideHttp.builder(tls))
                .connectionTimeout(CONNECT)
                .responseTimeout(ANSWER)
                .build();
    }

    /** @param endpoint of Azure Resource Manager: the token is for it, and it is https */
    public static HttpPipeline of(HttpClient client, TokenCredential credential, URI endpoint) {
        var resource = endpoint.toString().replaceAll("/+$", "");
        return new HttpPipelineBuilder()
                .httpClient(client)
                .policies(
                        new UserAgentPolicy("planetary-operator"),
                        new RequestIdPolicy(),
                        new ArmChallengeAuthenticationPolicy(credential, resource + "/.default"))
                .build();
    }
}
