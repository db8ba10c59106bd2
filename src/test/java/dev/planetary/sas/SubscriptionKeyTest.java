package dev.planetary.sas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.sas.UpstreamAnswer.Failed;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubscriptionKeyTest {
    @TempDir
    Path folder;

    @Test
    void blanks_around_it_do_not_count() throws IOException {
        assertThat(key(" 0123abc\n").value()).contains("0123abc");
        assertThat(key("\n").value()).isEmpty();
        assertThat(new SubscriptionKey(Optional.of(folder.resolve("nothing"))).value())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"first-key\nsecond-key", "\uFEFFsecret-key", "secret key", "schlüssel"})
    void what_no_header_can_hold_is_told_without_being_quoted(String content)
            throws IOException, NoSuchAlgorithmException {
        var key = key(content);

        var answer = new HttpUpstream(URI.create("https://pc.example/api/sas/v1"), key, SSLContext.getDefault())
                .fetch(TokenScope.container("account", "container").orElseThrow())
                .join();

        assertThat(((Failed) answer).what())
                .isEqualTo(key.problem().orElseThrow())
                .contains("write the key alone")
                .doesNotContain("key\n", "secret-key", "schl");
    }

    private SubscriptionKey key(String content) throws IOException {
        return new SubscriptionKey(Optional.of(Files.writeString(folder.resolve("key"), content)));
    }
}
